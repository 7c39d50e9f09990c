package io.limestone.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.BootstrapKey;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Payload;
import io.limestone.keylime.QuoteReply;
import io.limestone.keylime.TransportKey;
import io.limestone.keylime.Versions;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostileAgentTest {
  private static final NodeId ID = NodeId.parse("d432fbb3-d2f1-4a97-9ef7-75bd81c00000");
  private static final String NONCE = "abcdefghij0123456789";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient client = HttpClient.newHttpClient();
  private HostileAgent agent;
  private Duration timeout = PATIENCE;

  @BeforeEach
  void start() throws IOException {
    TestCa ca = new TestCa("Unit", Instant.parse("2026-11-24T00:00:00Z"));
    SoftwareTpm tpm = SoftwareTpm.make(KeyKind.ECC256, ca);
    agent = HostileAgent.http(new SimulatedAgent(ID, tpm));
  }

  @AfterEach
  void stop() {
    agent.close();
    client.close();
  }

  @Test
  void quotesLikeAnAgent() throws Exception {
    agent.agent().ima().bootAggregate().file("/usr/bin/a", "a").file("/usr/bin/b", "b");
    QuoteReply reply = quote("integrity?nonce=" + NONCE + "&mask=0x400&partial=0&ima_ml_entry=1");
    PcrSelection asked = new PcrSelection(HashAlg.SHA256, 0x10400);
    QuoteVerifier.Result result =
        QuoteVerifier.verify(
            reply.quote(),
            agent.agent().tpm().ak(),
            Bytes.of(NONCE.getBytes(StandardCharsets.US_ASCII)),
            asked);
    assertThat(result).isInstanceOf(QuoteVerifier.Verified.class);
    assertThat(reply.quote().pcrs().get(DataPcr.INDEX))
        .contains(DataPcr.expected(HashAlg.SHA256, reply.publicKeyPem().orElseThrow()));
    assertThat(reply.ima().orElseThrow().firstEntry()).isEqualTo(1);
    assertThat(new String(reply.ima().orElseThrow().text().toArray(), StandardCharsets.UTF_8))
        .hasLineCount(2)
        .endsWith(" /usr/bin/b\n");
    assertThat(reply.encAlg()).isEqualTo("ecc256");
    assertThat(reply.signAlg()).isEqualTo("ecdsa");
  }

  @Test
  void unlocksItsPayloadOnlyWithBothHalves() throws Exception {
    SecureRandom random = new SecureRandom();
    BootstrapKey key = BootstrapKey.random(random);
    BootstrapKey.Halves halves = key.split(random);
    var transport = TransportKey.parse(agent.agent().publicKeyPem());
    Secret secret = Secret.of("payload".getBytes(StandardCharsets.UTF_8));
    KeyDelivery u =
        new KeyDelivery.U(
            TransportKey.wrap(transport, halves.u()),
            key.authTag(ID),
            Optional.of(Payload.seal(key, secret, random)));
    assertThat(post("keys/ukey", u.toJson()).statusCode()).isEqualTo(200);
    assertThat(get("/v2.6/keys/verify?challenge=abc").statusCode()).isEqualTo(400);
    assertThat(agent.agent().keys().unlocked()).isFalse();
    KeyDelivery v = new KeyDelivery.V(TransportKey.wrap(transport, halves.v()));
    assertThat(post("keys/vkey", v.toJson()).statusCode()).isEqualTo(200);
    assertThat(agent.agent().keys().payload()).contains(secret);
    assertThat(agent.agent().keys().deliveriesOfV()).isEqualTo(1);
    String hmac =
        Envelope.parse(get("/v2.6/keys/verify?challenge=abc").body()).content().string("hmac");
    assertThat(key.isProof(hmac, "abc")).isTrue();
  }

  @Test
  void offersTheVersionsItIsToldTo() throws Exception {
    agent.agent().serve(List.of(ApiVersion.parse("2.1"), ApiVersion.parse("2.3")));
    Versions versions = Versions.fromAgentJson(Envelope.parse(get("/version").body()).content());
    assertThat(versions.preferred()).isEqualTo(ApiVersion.parse("2.3"));
    HttpResponse<byte[]> answer = get("/v2.6/quotes/identity?nonce=a");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(Envelope.parse(answer.body()).status()).contains("API version not supported: v2.6");
  }

  @Test
  void misbehavesOnlyWhereToldTo() throws Exception {
    agent.misbehave(new Mischief.Status(503, "busy"), path -> path.contains("quotes"));
    assertThat(get("/v2.6/quotes/identity?nonce=a").statusCode()).isEqualTo(503);
    assertThat(get("/version").statusCode()).isEqualTo(200);
    agent.behave();
    assertThat(get("/v2.6/quotes/identity?nonce=a").statusCode()).isEqualTo(200);
    assertThat(agent.requests()).isEqualTo(3);
  }

  @Test
  void misbehavesInEveryWay() throws Exception {
    timeout = Duration.ofMillis(1500);
    agent.misbehave(new Mischief.Silent());
    assertThatThrownBy(() -> get("/version")).isInstanceOf(IOException.class);
    agent.misbehave(new Mischief.Slow(Duration.ofSeconds(20)));
    assertThatThrownBy(() -> get("/version")).isInstanceOf(IOException.class);
    timeout = PATIENCE;
    agent.misbehave(new Mischief.Truncated());
    assertThatThrownBy(() -> get("/version")).isInstanceOf(IOException.class);
    agent.misbehave(new Mischief.Redirect(URI.create("http://127.0.0.1:1/")));
    assertThat(get("/version").statusCode()).isEqualTo(302);
    agent.misbehave(new Mischief.Huge(1_000_000));
    assertThat(Json.object(get("/version").body()).integer("code")).isEqualTo(200);
    agent.misbehave(Mischief.nested(3));
    assertThat(get("/version").body()).asString(StandardCharsets.US_ASCII).isEqualTo("[[[]]]");
    agent.misbehave(new Mischief.Drip(Duration.ofMillis(1)));
    assertThat(Envelope.parse(get("/version").body()).code()).isEqualTo(200);
  }

  @Test
  void hangsUpAndListensAgain() throws Exception {
    agent.hangUp();
    assertThatThrownBy(() -> get("/version")).isInstanceOf(IOException.class);
    agent.listenAgain();
    assertThat(get("/version").statusCode()).isEqualTo(200);
  }

  private QuoteReply quote(String query) throws Exception {
    return QuoteReply.fromJson(Envelope.parse(get("/v2.6/quotes/" + query).body()).content());
  }

  private HttpResponse<byte[]> get(String target) throws Exception {
    return client.send(request(target).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private HttpResponse<byte[]> post(String path, JsonObject body) throws Exception {
    return client.send(
        request("/v2.6/" + path)
            .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)))
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private HttpRequest.Builder request(String target) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + agent.port() + target))
        .timeout(timeout);
  }
}
