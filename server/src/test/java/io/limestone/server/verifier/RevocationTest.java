package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.limestone.keylime.OperationalState;
import io.limestone.keylime.SignedNotice;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Pem;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Notices to webhook and agents: attack 46, rows 52 and 84 of pull-protocol.md §11. */
class RevocationTest {
  @TempDir Path home;
  private final KeyPair key = KeyKind.RSA2048.shared("revocation");
  private final List<String> received = new CopyOnWriteArrayList<>();
  private volatile IntUnaryOperator statuses = nth -> 200;
  private HttpServer hook;
  private Scene scene;

  @BeforeEach
  void start() throws Exception {
    hook = listen(0);
    scene =
        Scene.start(
            home,
            "verifier.enabled_revocation_notifications",
            "agent, webhook",
            "verifier.webhook_url",
            "http://127.0.0.1:" + hook.getAddress().getPort() + "/hook");
  }

  @AfterEach
  void end() {
    scene.close();
    hook.stop(0);
  }

  private HttpServer listen(int port) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/",
        exchange -> {
          received.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          int status = statuses.applyAsInt(received.size());
          if (status == 302) {
            exchange.getResponseHeaders().set("Location", "/elsewhere");
          }
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  private HostileAgent failing(String id) throws Exception {
    HostileAgent agent = scene.agent(id);
    scene.enrolled(
        agent,
        Map.of(
            "revocation_key",
            Pem.text("PRIVATE KEY", Bytes.of(key.getPrivate().getEncoded())),
            "metadata",
            "{\"cert_serial\":7}"));
    scene.awaitAttested(agent, 2);
    agent.agent().tamper(reply -> tampered(reply));
    return agent;
  }

  private static io.limestone.keylime.QuoteReply tampered(io.limestone.keylime.QuoteReply reply) {
    return new io.limestone.keylime.QuoteReply(
        reply.quote(),
        "sha512",
        reply.encAlg(),
        reply.signAlg(),
        reply.publicKeyPem(),
        reply.ima(),
        reply.bootLog(),
        reply.bootTime());
  }

  @Test
  void aRevocationIsSignedAndToldToTheWebhookAndToTheOtherNodes() throws Exception {
    HostileAgent other = scene.agent("other");
    scene.enrolled(other, Map.of());
    HostileAgent agent = failing("failing");
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    await().atMost(Scene.PATIENCE).until(() -> received.size() == 1);
    SignedNotice notice = SignedNotice.fromJson(Json.object(received.getFirst()));
    assertThat(notice.verifies(key.getPublic())).isTrue();
    JsonObject message = Json.object(notice.msg());
    assertThat(message.string("type")).isEqualTo("revocation");
    assertThat(message.string("agent_id")).isEqualTo("failing");
    assertThat(message.string("meta_data")).isEqualTo("{\"cert_serial\":7}");
    assertThat(message.string("event_id")).startsWith("qoute_validation.");
    assertThat(message.string("severity_label")).isEqualTo("emergency");
    await().atMost(Scene.PATIENCE).until(() -> other.agent().notices().size() == 1);
    assertThat(other.agent().notices().getFirst()).isEqualTo(notice);
    assertThat(agent.agent().notices()).isEmpty();
    assertThat(received).hasSize(1);
  }

  @Test
  void aReceiverThatAnswers500IsAskedAgainAndNoMoreThanItsRetries() throws Exception {
    statuses = nth -> nth < 3 ? 500 : 202;
    scene.awaitState(failing("patient"), OperationalState.INVALID_QUOTE);
    await().atMost(Scene.PATIENCE).until(() -> received.size() == 3);
    statuses = nth -> 500;
    received.clear();
    scene.awaitState(failing("hopeless"), OperationalState.INVALID_QUOTE);
    await().during(Duration.ofMillis(500)).atMost(Scene.PATIENCE).until(() -> received.size() == 4);
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    statuses = nth -> nth == 1 ? 302 : 200;
    HostileAgent agent = failing("redirected");
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    await().atMost(Scene.PATIENCE).until(() -> received.size() == 2);
    assertThat(scene.explanation(agent).list("notices").toString()).contains("delivered");
  }

  @Test
  void aNoticeOutlivesTheServerAndAReceiverThatIsDown() throws Exception {
    int port = hook.getAddress().getPort();
    hook.stop(0);
    HostileAgent agent = failing("outliving");
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    scene.restart();
    Thread.sleep(300);
    hook = listen(port);
    await().atMost(Scene.PATIENCE).until(() -> received.size() == 1);
    Thread.sleep(300);
    assertThat(received).hasSize(1);
  }

  @Test
  void aNodeThatWasAttestedAndIsGoneIsACommunicationErrorAndOneNeverAttestedIsNot()
      throws Exception {
    HostileAgent never = scene.agent("never");
    never.hangUp();
    scene.enrolled(never, Map.of());
    scene.awaitState(never, OperationalState.FAILED);
    HostileAgent gone = scene.agent("gone");
    scene.enrolled(gone, Map.of());
    scene.awaitAttested(gone, 1);
    gone.hangUp();
    scene.awaitState(gone, OperationalState.FAILED);
    await().atMost(Scene.PATIENCE).until(() -> received.size() == 1);
    String message = Json.object(received.getFirst()).string("msg");
    assertThat(message).contains("comm_error").contains("\"gone\"");
  }
}
