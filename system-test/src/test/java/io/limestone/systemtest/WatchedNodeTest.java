package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.systemtest.parts.Agent;
import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.Node;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Story;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.Machine;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A node under Limestone alone, by its own command line: enrolled, and watched through everything
 * that may end or restart on either side.
 */
@Story
class WatchedNodeTest {
  private static final String ID = "d432fbb3-d2f1-4a97-9ef7-000000000003";
  private static final int FAILED = 7;
  private static final int INVALID_QUOTE = 9;
  private static final Duration CLEAN_END = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final NoticeReceiver webhook = new NoticeReceiver();
  private Path folder;
  private Machine machine;
  private LimestoneServer server;
  private Rest verifier;
  private Rest registrar;
  private Agent agent;
  private Node node;

  @BeforeAll
  void prepare() throws IOException {
    folder = Workplace.empty(getClass());
    machine = Machine.booted(folder.resolve("machine"));
    server =
        new LimestoneServer(
            folder.resolve("home"),
            List.of(
                "verifier.quote_interval=0.3",
                "verifier.exponential_backoff=false",
                "verifier.retry_interval=0.5",
                "verifier.max_retries=16",
                "verifier.enabled_revocation_notifications=[\"webhook\"]",
                "verifier.webhook_url=https://127.0.0.1:" + webhook.port(),
                "registrar.tpm_cert_store=" + machine.ekRoots()));
    server.start();
    webhook.listen(server.caFolder());
    verifier = server.verifier();
    registrar = server.registrar();
    node = new Node(verifier, ID);
    agent =
        new Agent(ID, machine, folder.resolve("agent"), server.registrarPort(), server.caFolder());
  }

  @AfterAll
  void end() throws IOException {
    agent.close();
    server.close();
    webhook.close();
    machine.close();
  }

  @Test
  @Order(1)
  void theAgentWaitsForARegistrarThatIsNotThereYet() throws IOException {
    assertThat(server.program().terminate().succeeded().took()).isLessThan(CLEAN_END);
    agent.launch();
    await("the agent to have tried")
        .atMost(PATIENCE)
        .pollDelay(Duration.ofSeconds(2))
        .until(() -> !agent.program().output().isEmpty());
    agent.program().requireAlive();
    server.start();
    agent.awaitRegistered(registrar);
  }

  @Test
  @Order(2)
  void nodeAddProvesTheMachineAndHandsOverItsSecret() throws IOException {
    Path payload = Files.createDirectories(folder.resolve("payload"));
    Files.writeString(payload.resolve("secret.txt"), "the machine's secret");
    Files.writeString(payload.resolve("autorun.sh"), "#!/bin/sh\ncat secret.txt > ran\n");
    limestone(
            "node",
            "add",
            ID,
            "--payload-dir",
            payload.toString(),
            "--runtime-policy",
            machine.policyOfWhatRan().toString(),
            "--ek-roots",
            machine.ekRoots().toString(),
            "--verify")
        .succeeded();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(agent.payloadFile("ran")).hasContent("the machine's secret"));
    assertTrusted();
    assertThat(limestone("node", "list").succeeded().output()).contains(ID).contains("trusted");
    assertThat(limestone("node", "add", ID).exit()).as("enrolled already").isEqualTo(1);
  }

  @Test
  @Order(3)
  void theStatusNeverShowsV() {
    assertThat(node.status().members()).containsEntry("v", null);
  }

  @Test
  @Order(4)
  void afterKillMinus9TheServerGoesOnByItself() throws IOException {
    node.awaitAttestations(3);
    long before = node.attestations();
    server.program().kill();
    machine.executes("/usr/bin/program-1");
    server.start();
    node.awaitAttestations(3);
    assertThat(node.attestations())
        .as("counted on, save for the last second")
        .isGreaterThan(before - 5);
    assertThat(registrar.get("/v2.6/agents/" + ID).status()).isEqualTo(200);
    assertTrusted();
  }

  @Test
  @Order(5)
  void sigtermEndsTheServerCleanlyAndItGoesOnAfterItsStart() throws IOException {
    Program.Ended ended = server.program().terminate().succeeded();
    assertThat(ended.took()).isLessThan(CLEAN_END);
    server.start();
    node.awaitAttestations(3);
  }

  @Test
  @Order(6)
  void anAgentThatWasRestartedIsAttestedOnwards() {
    agent.terminate();
    agent.start(registrar);
    node.awaitAttestations(3);
  }

  @Test
  @Order(7)
  void anAgentThatWasKilledAndRestartedIsAttestedOnwards() {
    agent.program().kill();
    agent.start(registrar);
    node.awaitAttestations(3);
  }

  @Test
  @Order(8)
  void aRebootIsNoticedAndTheMachineTrustedAgainFromItsNewList() throws IOException {
    agent.terminate();
    machine.reboots();
    agent.start(registrar);
    node.awaitAttestations(3);
    assertTrusted();
  }

  @Test
  @Order(9)
  void aNodeThatCannotBeReachedIsUnknownNotUntrustedAndComesBackByResume() {
    agent.program().kill();
    node.awaitState(FAILED);
    assertThat(shown().string("standing")).isEqualTo("unknown");
    assertThat(limestone("node", "show", ID, "--require-trusted").exit()).isEqualTo(1);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(webhook.about(ID))
                    .anySatisfy(n -> assertThat(n.string("type")).isEqualTo("comm_error")));
    agent.start(registrar);
    limestone("node", "resume", ID).succeeded();
    node.awaitAttestations(2);
    assertTrusted();
  }

  @Test
  @Order(10)
  void aStoppedNodeIsLeftAloneUntilItIsResumed() {
    limestone("node", "stop", ID).succeeded();
    assertThat(shown().string("standing")).isEqualTo("stopped");
    limestone("node", "resume", ID).succeeded();
    node.awaitAttestations(2);
  }

  @Test
  @Order(11)
  void anEntryThatTheTpmNeverSawIsUntrustedAndExplained() throws IOException {
    machine.forges("/usr/bin/program-2");
    node.awaitState(INVALID_QUOTE);
    // A last entry may be one that came after the quote; the next quote has to cover it.
    assertThat(node.status().string("last_event_id"))
        .isIn("ima.quote_progress", "ima.pcr_mismatch");
    JsonObject shown = shown();
    assertThat(shown.string("standing")).isEqualTo("untrusted");
    assertThat(shown.list("failures")).isNotEmpty();
    String text = limestone("node", "show", ID).succeeded().output();
    assertThat(text).contains("found").contains("expected").contains("remedy");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(webhook.about(ID))
                    .anySatisfy(n -> assertThat(n.string("type")).isEqualTo("revocation")));
  }

  @Test
  @Order(12)
  void resumingWithoutACauseRemovedIsCaughtAgain() {
    limestone("node", "resume", ID).succeeded();
    node.awaitState(INVALID_QUOTE);
  }

  @Test
  @Order(13)
  void nodeRemoveEndsItsWatch() {
    limestone("node", "remove", ID).succeeded();
    assertThat(node.answer().status()).isEqualTo(404);
    assertThat(limestone("node", "show", ID).exit()).isEqualTo(1);
    assertThat(limestone("node", "list", "--registered").succeeded().output()).contains(ID);
  }

  private void assertTrusted() {
    limestone("node", "show", ID, "--require-trusted").succeeded();
  }

  private JsonObject shown() {
    return Json.object(limestone("node", "show", ID, "--json").succeeded().output());
  }

  private Program.Ended limestone(String... words) {
    return server.limestone(folder, words);
  }
}
