package io.limestone.testkit;

import io.limestone.keylime.AgentInfo;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.QuoteReply;
import io.limestone.keylime.QuoteRequest;
import io.limestone.keylime.SignedNotice;
import io.limestone.keylime.Versions;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A Keylime agent's answers without a network: the routes of API 2.x (pull-protocol.md section 3)
 * on a {@link SoftwareTpm}. Fleets and benchmarks call it directly, {@link HostileAgent} serves it
 * over HTTP. Safe for use by several threads.
 */
public final class SimulatedAgent {
  private final NodeId id;
  private final SoftwareTpm tpm;
  private final ImaLogWriter ima;
  private final AgentKeys keys;
  private final String publicKeyPem;
  private final List<SignedNotice> notices = new ArrayList<>();
  private List<ApiVersion> versions = ApiVersion.AGENT;
  private Optional<Bytes> bootLog = Optional.empty();
  private UnaryOperator<QuoteReply> tamper = UnaryOperator.identity();

  public SimulatedAgent(NodeId id, SoftwareTpm tpm) {
    this(id, tpm, KeyKind.RSA2048.shared("transport"));
  }

  /**
   * An agent with this transport key.
   *
   * @param transport RSA-2048
   */
  public SimulatedAgent(NodeId id, SoftwareTpm tpm, KeyPair transport) {
    this.id = id;
    this.tpm = tpm;
    this.ima = new ImaLogWriter(tpm);
    this.keys = new AgentKeys(id, transport.getPrivate());
    this.publicKeyPem = Pem.text("PUBLIC KEY", Bytes.of(transport.getPublic().getEncoded()));
  }

  public NodeId id() {
    return id;
  }

  public SoftwareTpm tpm() {
    return tpm;
  }

  /** The node's IMA log, to measure files with. */
  public ImaLogWriter ima() {
    return ima;
  }

  /** The node boots again, and has measured this when it is reached next. */
  public synchronized void reboot(Consumer<ImaLogWriter> measuring) {
    tpm.reboot();
    ima.clear();
    measuring.accept(ima);
  }

  /** U, V and what they unlock. */
  public AgentKeys keys() {
    return keys;
  }

  /** PEM of the transport key, exactly as it is bound into PCR 16. */
  public String publicKeyPem() {
    return publicKeyPem;
  }

  /** Revocation messages received so far, not verified. */
  public synchronized List<SignedNotice> notices() {
    return List.copyOf(notices);
  }

  /** Which versions of the API it offers and serves. */
  public synchronized void serve(List<ApiVersion> versions) {
    this.versions = List.copyOf(versions);
  }

  /** The binary event log that it delivers when PCR 0 is asked for. */
  public synchronized void bootLog(Bytes log) {
    this.bootLog = Optional.of(log);
  }

  /** Changes every quote reply before it goes out. */
  public synchronized void tamper(UnaryOperator<QuoteReply> change) {
    this.tamper = change;
  }

  /**
   * Answers a request.
   *
   * @param path such as {@code /v2.6/quotes/identity}
   * @param query decoded parameters
   */
  public synchronized Answer answer(
      String method, String path, Map<String, String> query, byte[] body) {
    if (path.equals("/version")) {
      return ok(Versions.ofAgent(versions).toAgentJson());
    }
    String[] parts = path.split("/", 3);
    Optional<ApiVersion> version =
        parts.length == 3 && parts[1].startsWith("v")
            ? ApiVersion.find(parts[1].substring(1))
            : Optional.empty();
    if (version.isEmpty()) {
      return Answer.error(400, "Not Implemented: Use /version or /v2.x interfaces");
    }
    if (!versions.contains(version.get())) {
      return Answer.error(400, "API version not supported: " + parts[1]);
    }
    try {
      return route(method + " " + parts[2], version.get(), query, body);
    } catch (MalformedException e) {
      return Answer.error(400, e.getMessage());
    }
  }

  private Answer route(String route, ApiVersion version, Map<String, String> query, byte[] body) {
    return switch (route) {
      case "GET quotes/identity" -> {
        Bytes nonce = QuoteRequest.identityNonce(query).bytes();
        yield quoted(reply(nonce, 0, false, version));
      }
      case "GET quotes/integrity" -> {
        QuoteRequest asked = QuoteRequest.parse(query);
        int first = (int) Math.min(asked.firstImaEntry(), Integer.MAX_VALUE);
        QuoteReply quoted = reply(asked.nonce().bytes(), asked.mask(), asked.partial(), version);
        yield quoted(with(quoted, list(first)));
      }
      case "GET agent/info" -> {
        HashAlg bank = bank();
        yield ok(
            new AgentInfo(id, bank.keylimeName(), encAlg(version), signAlg(), 0x1234).toJson());
      }
      case "GET keys/pubkey" -> ok(new JsonObject(Map.of("pubkey", publicKeyPem)));
      case "GET keys/verify" -> {
        String challenge = query.getOrDefault("challenge", "");
        yield keys.proof(challenge)
            .map(hmac -> ok(new JsonObject(Map.of("hmac", hmac))))
            .orElseGet(() -> Answer.error(400, "Bootstrap key not yet available."));
      }
      case "POST keys/ukey" -> {
        keys.receive(KeyDelivery.U.fromJson(Json.object(body)));
        yield Answer.of(Envelope.done());
      }
      case "POST keys/vkey" -> {
        keys.receive(KeyDelivery.V.fromJson(Json.object(body)));
        yield Answer.of(Envelope.done());
      }
      case "POST notifications/revocation" -> {
        notices.add(SignedNotice.fromJson(Json.object(body)));
        yield Answer.of(Envelope.done());
      }
      default -> Answer.error(400, "Not Implemented: Use /version or /v2.x interfaces");
    };
  }

  /** Read after the quote, as agents do: it may have grown since, but lacks nothing quoted. */
  private QuoteReply.ImaList list(int first) {
    int entry = first > ima.entries() ? 0 : first;
    return new QuoteReply.ImaList(
        Bytes.of(ima.textFrom(entry).getBytes(StandardCharsets.UTF_8)), entry);
  }

  private static QuoteReply with(QuoteReply reply, QuoteReply.ImaList list) {
    return new QuoteReply(
        reply.quote(),
        reply.hashAlg(),
        reply.encAlg(),
        reply.signAlg(),
        reply.publicKeyPem(),
        Optional.of(list),
        reply.bootLog(),
        reply.bootTime());
  }

  private Answer quoted(QuoteReply reply) {
    return ok(tamper.apply(reply).toJson());
  }

  /** Without a measurement list. */
  private QuoteReply reply(Bytes nonce, int mask, boolean partial, ApiVersion version) {
    HashAlg bank = bank();
    tpm.bind(bank, publicKeyPem);
    SignedQuote quote = tpm.quote(nonce, new PcrSelection(bank, mask | 1 << DataPcr.INDEX));
    return new QuoteReply(
        quote,
        bank.keylimeName(),
        encAlg(version),
        signAlg(),
        partial ? Optional.empty() : Optional.of(publicKeyPem),
        Optional.empty(),
        (mask & 1) == 1 ? bootLog : Optional.empty(),
        Optional.empty());
  }

  private HashAlg bank() {
    return tpm.ak().scheme().orElseThrow().hash();
  }

  private String signAlg() {
    return tpm.ak().scheme().orElseThrow().alg().keylimeName();
  }

  private String encAlg(ApiVersion version) {
    String full = tpm.ak().keylimeAlg();
    if (version.namesKeySizes()) {
      return full;
    }
    return switch (full) {
      case "rsa2048" -> "rsa";
      case "ecc256" -> "ecc";
      default -> full;
    };
  }

  private static Answer ok(JsonObject results) {
    return Answer.of(Envelope.ok(results));
  }
}
