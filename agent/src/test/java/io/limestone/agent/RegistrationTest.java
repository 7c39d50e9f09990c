package io.limestone.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.agent.RegistrarClient.RefusedException;
import io.limestone.keylime.AgentTls;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.Registration;
import io.limestone.testkit.LoopbackPorts;
import io.limestone.testkit.Swtpm;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.TpmtPublic;
import io.limestone.tss.TpmException;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Registration with registrars good and bad (pull-protocol.md section 11, numbers 36 to 40). */
class RegistrationTest {
  private static Swtpm swtpm;
  private StubRegistrar registrar;
  @TempDir Path home;

  @BeforeAll
  static void powerOn(@TempDir Path folder) throws Exception {
    swtpm = Swtpm.on(folder);
  }

  @AfterAll
  static void powerOff() throws Exception {
    swtpm.close();
  }

  @BeforeEach
  void openRegistrar() throws Exception {
    registrar = new StubRegistrar(0);
  }

  @AfterEach
  void closeRegistrar() {
    registrar.close();
  }

  private RunningAgent agent(String... options) throws Exception {
    return new RunningAgent(home, swtpm.tcti(), registrar.port(), options);
  }

  private static Envelope versions(String current, String... supported) {
    return Envelope.ok(
        new JsonObject(
            Map.of("current_version", current, "supported_versions", List.of(supported))));
  }

  @Test
  void n36_aRefusalIsFinal() throws Exception {
    registrar.postStatus = 403;
    registrar.version = Envelope.empty(404, "no");
    try (RunningAgent agent = agent()) {
      assertThat(agent.startAndFail()).isInstanceOf(RefusedException.class);
    }
    assertThat(registrar.requests)
        .containsExactly("GET /version", "POST /v2.6/agents/" + RunningAgent.ID);
  }

  @Test
  void n37_aRegistrarThatTellsNoVersionIsTriedFromTheNewestOn() throws Exception {
    registrar.version = Envelope.empty(404, "no");
    registrar.postStatus = 400;
    registrar.postStatusFor = "/v2.6/";
    try (RunningAgent agent = agent().start()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
    }
    assertThat(registrar.activated).isTrue();
    assertThat(registrar.requests)
        .startsWith(
            "GET /version",
            "POST /v2.6/agents/" + RunningAgent.ID,
            "POST /v2.5/agents/" + RunningAgent.ID,
            "PUT /v2.5/agents/" + RunningAgent.ID);
  }

  @Test
  void n38_theHighestCommonVersionIsUsed() throws Exception {
    registrar.version = versions("3.0", "2.3", "2.4", "3.0");
    try (RunningAgent agent = agent().start()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
    }
    assertThat(registrar.requests).contains("POST /v2.4/agents/" + RunningAgent.ID);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7})
  void n39_aBlobOfAnotherFormIsNotAnswered(int position) throws Exception {
    registrar.blob =
        made -> {
          byte[] bytes = made.toArray();
          bytes[position]++;
          return Bytes.of(bytes);
        };
    try (RunningAgent agent = agent()) {
      assertThat(agent.startAndFail()).isInstanceOf(MalformedException.class);
    }
    assertThat(registrar.requests).noneMatch(request -> request.startsWith("PUT"));
  }

  @Test
  void n40_aBlobForAnotherAkIsNotAnswered() throws Exception {
    registrar.akName = name -> Bytes.of(new byte[name.size()]);
    try (RunningAgent agent = agent()) {
      assertThat(agent.startAndFail()).isInstanceOf(TpmException.class);
    }
    assertThat(registrar.requests).noneMatch(request -> request.startsWith("PUT"));
  }

  @Test
  void aRegistrarThatIsNotThereYetIsWaitedFor() throws Exception {
    int port = LoopbackPorts.free();
    try (RunningAgent agent =
        new RunningAgent(home, swtpm.tcti(), port, "# no limit").withoutRetryLimit()) {
      Thread start = Thread.ofVirtual().unstarted(() -> startQuietly(agent));
      start.start();
      Thread.sleep(600);
      try (StubRegistrar late = new StubRegistrar(port)) {
        start.join();
        assertThat(late.activated).isTrue();
      }
    }
  }

  @Test
  void theAddressAnswersFromTheMomentThatItIsRegistered() throws Exception {
    AtomicBoolean connected = new AtomicBoolean();
    try (RunningAgent agent = agent()) {
      registrar.blob =
          made -> {
            connected.set(accepts(agent.port));
            return made;
          };
      agent.start();
      assertThat(connected).isTrue();
    }
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static void startQuietly(RunningAgent agent) {
    try {
      agent.start();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theIdentityIsTheSameAfterARestart() throws Exception {
    try (RunningAgent agent = agent().start()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
    }
    try (RunningAgent agent = agent().start()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
    }
    Registration first = registrar.registrations.get(0);
    Registration second = registrar.registrations.get(1);
    assertThat(second.ekTpm()).isEqualTo(first.ekTpm());
    assertThat(second.akTpm()).isEqualTo(first.akTpm());
    assertThat(second.mtlsCert()).isEqualTo(first.mtlsCert());
  }

  @Test
  void anAkOfAnotherTpmIsReplaced(@TempDir Path folder) throws Exception {
    try (RunningAgent agent = agent().start()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
    }
    try (Swtpm other = Swtpm.on(folder);
        RunningAgent agent = new RunningAgent(home, other.tcti(), registrar.port()).start()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
      assertThat(registrar.activated).isTrue();
      assertThat(registrar.registrations.get(1).akTpm())
          .isNotEqualTo(registrar.registrations.get(0).akTpm());
    }
  }

  @Test
  void aDamagedKeyFileIsNoReasonForANewIdentity() throws Exception {
    Files.writeString(home.resolve("agent_data.json"), "{\"ak_hash_alg\":");
    try (RunningAgent agent = agent()) {
      assertThat(agent.startAndFail()).hasMessageContaining("damaged");
    }
    assertThat(registrar.registrations).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"ecc, ecdsa, ecc256", "ecc384, ecdsa, ecc384", "rsa, rsapss, rsa2048"})
  void otherAlgorithmsRegister(String encryption, String signing, String name) throws Exception {
    try (RunningAgent agent =
        agent(
                "tpm_encryption_alg = \"" + encryption + "\"",
                "tpm_signing_alg = \"" + signing + "\"")
            .start()) {
      assertThat(registrar.activated).isTrue();
      assertThat(RunningAgent.results(agent.get("/v2.6/agent/info")).string("tpm_enc_alg"))
          .isEqualTo(name);
    }
  }

  @Test
  void theIdMayBeTheHashOfTheEk() throws Exception {
    try (RunningAgent agent = agent().withId("hash_ek").start()) {
      assertThat(registrar.activated).isTrue();
      Bytes ek = registrar.registrations.getFirst().ekTpm().orElseThrow();
      String pem =
          Pem.text("PUBLIC KEY", Bytes.of(TpmtPublic.parse2b(ek).publicKey().getEncoded()));
      String hash = HashAlg.SHA256.digest(Bytes.of(pem.getBytes(StandardCharsets.UTF_8))).hex();
      assertThat(registrar.requests).contains("PUT /v2.6/agents/" + hash);
      assertThat(RunningAgent.results(agent.get("/v2.6/agent/info")).string("agent_uuid"))
          .isEqualTo(hash);
    }
  }

  @Test
  void n85_withoutTlsTheAgentSaysSo() throws Exception {
    try (RunningAgent agent =
        agent("enable_agent_mtls = false", "payload_script = \"\"").startPlain()) {
      assertThat(agent.get("/version").statusCode()).isEqualTo(200);
      assertThat(registrar.registrations.getFirst().mtlsCert()).contains(new AgentTls.Disabled());
    }
  }
}
