package io.limestone.agent;

import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Nonce;
import io.limestone.keylime.QuoteReply;
import io.limestone.keylime.QuoteRequest;
import io.limestone.keylime.SignedNotice;
import io.limestone.tpm.SignedQuote;
import io.limestone.tss.AkTemplate;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What the agent's paths do: quotes, key halves, revocation messages. */
final class NodeResources implements AgentApi.Resources {
  /** Seven or eight digits behind leading zeros: names PCRs from 24 on. */
  private static final Pattern HIGH_MASK = Pattern.compile("(?:0x)?0*[1-9a-fA-F][0-9a-fA-F]{6,7}");

  private final NodeId id;
  private final AkTemplate algorithms;
  private final int akHandle;
  private final String transportKeyPem;
  private final Quoter quoter;
  private final Logs logs;
  private final KeyShares shares;
  private final Worker worker;
  private final PayloadBox payload;
  private final Revocations revocations;

  /** The kernel's logs, as far as they could be opened at start. */
  record Logs(Optional<ImaLogFile> ima, Optional<FileChannel> boot) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      if (ima.isPresent()) {
        ima.get().close();
      }
      if (boot.isPresent()) {
        boot.get().close();
      }
    }
  }

  NodeResources(
      NodeId id,
      AkTemplate algorithms,
      int akHandle,
      String transportKeyPem,
      Quoter quoter,
      Logs logs,
      KeyShares shares,
      Worker worker,
      PayloadBox payload,
      Revocations revocations) {
    this.id = id;
    this.algorithms = algorithms;
    this.akHandle = akHandle;
    this.transportKeyPem = transportKeyPem;
    this.quoter = quoter;
    this.logs = logs;
    this.shares = shares;
    this.worker = worker;
    this.payload = payload;
    this.revocations = revocations;
  }

  @Override
  public JsonObject info(ApiVersion version) {
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("agent_uuid", id.value());
    info.put("tpm_hash_alg", algorithms.hash().keylimeName());
    info.put("tpm_enc_alg", encryptionName(version));
    info.put("tpm_sign_alg", algorithms.scheme().keylimeName());
    info.put("ak_handle", akHandle);
    return new JsonObject(info);
  }

  /** Below 2.5 the usual sizes have no number in their name. */
  private String encryptionName(ApiVersion version) {
    String name = algorithms.ek().keylimeName();
    if (version.namesKeySizes()) {
      return name;
    }
    return switch (name) {
      case "rsa2048" -> "rsa";
      case "ecc256" -> "ecc";
      default -> name;
    };
  }

  @Override
  public JsonObject publicKey() {
    return new JsonObject(Map.of("pubkey", transportKeyPem));
  }

  @Override
  public void takeU(JsonObject body) {
    unlock(shares.accept(KeyDelivery.U.fromJson(body)));
  }

  @Override
  public void takeV(JsonObject body) {
    unlock(shares.accept(KeyDelivery.V.fromJson(body)));
  }

  private void unlock(Optional<KeyShares.Unlocked> unlocked) {
    unlocked.ifPresent(
        key -> {
          Log.info("bootstrap key derived", "payload", key.payload().isPresent());
          worker.submit("payload", () -> payload.open(key));
        });
  }

  @Override
  public Optional<JsonObject> proof(String challenge) {
    return shares.current().map(key -> new JsonObject(Map.of("hmac", key.proof(challenge))));
  }

  @Override
  public QuoteAnswer identity(ApiVersion version, Map<String, String> query) throws IOException {
    Nonce nonce = QuoteRequest.identityNonce(query);
    JsonObject results = results(version, quote(nonce, 0), Optional.of(transportKeyPem));
    return new QuoteAnswer(results, Optional.empty(), Optional.empty(), Optional.empty());
  }

  @Override
  public QuoteAnswer integrity(ApiVersion version, Map<String, String> query) throws IOException {
    if (HIGH_MASK.matcher(query.getOrDefault("mask", "")).matches()) {
      // Peers expect the TPM's refusal here, after all other checks.
      Map<String, String> others = new LinkedHashMap<>(query);
      others.put("mask", "0");
      QuoteRequest.parse(others);
      throw new IOException("mask names PCRs above 23");
    }
    QuoteRequest request = QuoteRequest.parse(query);
    SignedQuote quote = quote(request.nonce(), request.mask());
    JsonObject results =
        results(
            version, quote, request.partial() ? Optional.empty() : Optional.of(transportKeyPem));
    Optional<ImaLogFile.Slice> slice = Optional.empty();
    if (logs.ima().isPresent()) {
      slice = Optional.of(logs.ima().get().from(request.firstImaEntry()));
    }
    boolean wantsBootLog = (request.mask() & 1) != 0;
    return new QuoteAnswer(
        results, logs.ima(), slice, wantsBootLog ? logs.boot() : Optional.empty());
  }

  private SignedQuote quote(Nonce nonce, int mask) throws IOException {
    return quoter.quote(nonce.bytes(), mask);
  }

  private JsonObject results(ApiVersion version, SignedQuote quote, Optional<String> publicKey) {
    return new QuoteReply(
            quote,
            algorithms.hash().keylimeName(),
            encryptionName(version),
            algorithms.scheme().keylimeName(),
            publicKey,
            Optional.empty(),
            Optional.empty(),
            Optional.empty())
        .toJson();
  }

  @Override
  public void takeNotice(JsonObject body) {
    SignedNotice notice;
    try {
      notice = SignedNotice.fromJson(body);
    } catch (MalformedException e) {
      throw new MalformedException("Json deserialize error: " + e.getMessage(), e);
    }
    worker.submit("revocation", () -> revocations.handle(notice));
  }
}
