package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.systemtest.parts.Agent;
import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.Node;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Story;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.Machine;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A policy's whole life by the command line, on real agents and TPMs: learnt over a reboot of the
 * node and a restart of the server, tried, audited, enforced; then a package's update.
 */
@Story
class LearnedPolicyTest {
  private static final String UPDATED = "d432fbb3-d2f1-4a97-9ef7-00000000000a";
  private static final String FORGOTTEN = "d432fbb3-d2f1-4a97-9ef7-00000000000b";
  private static final int INVALID_QUOTE = 9;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TOOL = "/usr/bin/new-tool";
  private static final String HTTPD = "/usr/bin/program-3";

  private Path folder;
  private LimestoneServer server;
  private Machine updated;
  private Machine forgotten;
  private Agent updatedAgent;
  private Agent forgottenAgent;
  private Path next;

  @BeforeAll
  void prepare() throws IOException {
    folder = Workplace.empty(getClass());
    next = folder.resolve("next.json");
    updated = Machine.booted(folder.resolve("updated"));
    forgotten = Machine.booted(folder.resolve("forgotten"));
    server =
        new LimestoneServer(
            folder.resolve("home"),
            List.of("verifier.quote_interval=0.3", "verifier.retry_interval=0.5"));
    server.start();
    updatedAgent = agent(UPDATED, updated);
    forgottenAgent = agent(FORGOTTEN, forgotten);
    limestone("policy", "add", "web", updated.policyOfWhatRan().toString()).succeeded();
    add(UPDATED, updated, "staging");
    add(FORGOTTEN, forgotten, "production");
  }

  @AfterAll
  void end() throws IOException {
    updatedAgent.close();
    forgottenAgent.close();
    server.close();
    updated.close();
    forgotten.close();
  }

  @Test
  @Order(1)
  void whatThePolicyRefusesIsLearntAndRefusedAllTheSame() throws IOException {
    Program.Ended started =
        limestone(
                "policy",
                "learn",
                "start",
                "autumn",
                "--users-of",
                "web",
                "--for",
                "1d",
                "--why",
                "new tool")
            .succeeded();
    assertThat(started.output()).contains("learning autumn of 2 nodes");
    updated.executes(TOOL);
    node(UPDATED).awaitState(INVALID_QUOTE);
    awaitLearnt(TOOL);
  }

  @Test
  @Order(2)
  void whatWasLearntStaysOverARebootAndARestartOfTheServer() throws IOException {
    updatedAgent.terminate();
    updated.reboots();
    updatedAgent.start(server.registrar());
    limestone("node", "resume", UPDATED).succeeded();
    node(UPDATED).awaitAttestations(2);
    assertThat(server.program().terminate().exit()).isZero();
    server.start();
    node(UPDATED).awaitAttestations(2);
    awaitLearnt(TOOL);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(learntOf(UPDATED).integer("boots")).isEqualTo(2));
    assertThat(learntOf(UPDATED).string("problem")).isEmpty();
    assertThat(limestone("policy", "learn", "status", "autumn", "--rare").succeeded().output())
        .contains(TOOL, UPDATED);
  }

  @Test
  @Order(3)
  void whatWasLearntIsShownAsADifferenceTriedAuditedAndEnforced() throws IOException {
    Program.Ended finished =
        limestone(
                "policy",
                "learn",
                "finish",
                "autumn",
                "--onto",
                "web",
                "-o",
                next.toString(),
                "--why",
                "seen enough")
            .succeeded();
    assertThat(finished.output()).contains("nodes may now run these", "new-tool");
    assertThat(limestone("policy", "try", next.toString(), "--group", "staging").exit()).isZero();
    updated.executes(TOOL);
    node(UPDATED).awaitState(INVALID_QUOTE);
    limestone("policy", "audit", "web", next.toString(), "--why", "learnt").succeeded();
    limestone("policy", "canary", "web", "--group", "staging", "--why", "staging first")
        .succeeded();
    limestone("node", "resume", UPDATED).succeeded();
    node(UPDATED).awaitAttestations(2);
    limestone("policy", "enforce", "web", "--why", "no findings").succeeded();
    node(FORGOTTEN).awaitAttestations(2);
    assertThat(limestone("audit", "autumn").succeeded().output()).contains("start", "finished");
  }

  /** Keylime issue 1515. */
  @Test
  @Order(4)
  void aPackageIsUpdatedWithoutAFalseAlarmAndTheNodeThatWasNotIsFound() throws IOException {
    String old = Files.readString(next);
    String before = digest("contents of " + HTTPD);
    String after = digest("httpd 2.4.66");
    assertThat(old).contains(before);
    Path both =
        Files.writeString(
            folder.resolve("both.json"), old.replace(before, before + "\",\"" + after));
    Path only = Files.writeString(folder.resolve("only.json"), old.replace(before, after));
    limestone("policy", "update", "web", both.toString(), "--why", "httpd 2.4.66").succeeded();
    updated.executes(HTTPD, "httpd 2.4.66");
    node(UPDATED).awaitAttestations(3);
    limestone("policy", "audit", "web", only.toString(), "--accept-replaced", "--why", "rolled out")
        .succeeded();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(limestone("policy", "history", "web").succeeded().output())
                    .contains("it would trust 1 and refuse 1", FORGOTTEN));
    node(FORGOTTEN).awaitAttestations(2);
    limestone("policy", "enforce", "web", "--why", "all but one").succeeded();
    node(FORGOTTEN).awaitState(INVALID_QUOTE);
    node(UPDATED).awaitAttestations(3);
  }

  private Agent agent(String id, Machine machine) throws IOException {
    Agent agent =
        new Agent(id, machine, folder.resolve(id), server.registrarPort(), server.caFolder());
    agent.start(server.registrar());
    return agent;
  }

  private void add(String id, Machine machine, String group) throws IOException {
    limestone(
            "node",
            "add",
            id,
            "--runtime-policy-name",
            "web",
            "--group",
            group,
            "--ek-roots",
            machine.ekRoots().toString())
        .succeeded();
  }

  private Node node(String id) throws IOException {
    return new Node(server.verifier(), id);
  }

  private void awaitLearnt(String path) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        limestone("policy", "learn", "status", "autumn", "--things")
                            .succeeded()
                            .output())
                    .contains(path));
  }

  private JsonObject learntOf(String id) {
    return Json.object(
            limestone("policy", "learn", "status", "autumn", "--json").succeeded().output())
        .list("nodes")
        .stream()
        .map(JsonObject.class::cast)
        .filter(of -> of.string("id").equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static String digest(String contents) {
    return HashAlg.SHA256.digest(Bytes.of(contents.getBytes(StandardCharsets.UTF_8))).hex();
  }

  private Program.Ended limestone(String... words) {
    return server.limestone(folder, words);
  }
}
