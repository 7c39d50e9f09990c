package io.limestone.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.keylime.AgentTls;
import io.limestone.keylime.Challenge;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attack 51: the server dies at any moment. */
class CrashTest {
  private static final SoftwareTpm TPM =
      SoftwareTpm.make(KeyKind.ECC256, TestAuthority.named("Crash"));

  @TempDir Path home;

  @Test
  void t51KillMinusNineLosesNothingThatWasAcknowledged() throws Exception {
    Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    ServerProcess first = ServerProcess.start(home);
    int port = first.port("registrar");
    for (int t = 0; t < 4; t++) {
      int lane = t;
      Thread.startVirtualThread(() -> registerUntilItDies(port, lane, acknowledged));
    }
    Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> acknowledged.size() >= 40);
    first.process().destroyForcibly();
    first.process().waitFor();
    Set<String> before = Set.copyOf(acknowledged);

    try (RunningServer again = RunningServer.start(home)) {
      for (String id : before) {
        assertThat(show(again, id)).as(id).isEqualTo(200);
      }
    }
  }

  @Test
  void sigtermEndsTheServerCleanlyWithinFiveSeconds() throws Exception {
    ServerProcess server = ServerProcess.start(home);
    HttpClient client = HttpClient.newHttpClient();
    assertThat(
            RunningServer.send(
                    client,
                    "GET",
                    URI.create("http://127.0.0.1:" + server.port("management") + "/health/ready"),
                    null)
                .statusCode())
        .isEqualTo(200);
    server.process().destroy();
    assertThat(server.process().waitFor(5, TimeUnit.SECONDS)).isTrue();
    // 128 + SIGTERM: the JVM's own way to end by the signal after its hooks.
    assertThat(server.process().exitValue()).isIn(0, 143);
  }

  private static int show(RunningServer server, String id)
      throws IOException, InterruptedException {
    return RunningServer.send(
            server.admin(), "GET", server.tls("registrar-tls", "/v2.6/agents/" + id), null)
        .statusCode();
  }

  private static void registerUntilItDies(int port, int lane, Set<String> acknowledged) {
    HttpClient http = HttpClient.newHttpClient();
    try {
      for (int i = 0; i < 100_000; i++) {
        NodeId id = new NodeId("crash-" + lane + "-" + i);
        URI uri = URI.create("http://127.0.0.1:" + port + "/v2.6/agents/" + id);
        HttpResponse<String> answer =
            RunningServer.send(http, "POST", uri, registration().toJson());
        Bytes blob =
            Bytes.ofBase64(
                Envelope.parse(answer.body().getBytes(StandardCharsets.UTF_8))
                    .content()
                    .string("blob"));
        Challenge challenge = new Challenge(TPM.activateCredential(CredentialBlob.parse(blob)));
        JsonObject tag = new JsonObject(Map.of("auth_tag", challenge.authTag(id)));
        if (RunningServer.send(http, "PUT", uri, tag).statusCode() == 200) {
          acknowledged.add(id.value());
        }
      }
    } catch (IOException | InterruptedException e) {
      // The server is dead: what this is about.
    }
  }

  private static Registration registration() {
    return new Registration(
        Optional.empty(),
        Optional.of(TPM.ak().to2b()),
        Optional.of(TPM.ek().to2b()),
        TPM.ekChain().stream().map(TestCa::der).toList(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of("127.0.0.1"),
        Optional.of(9002),
        Optional.of(new AgentTls.Disabled()));
  }
}
