package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.systemtest.parts.Agent;
import io.limestone.systemtest.parts.KeylimeTenant;
import io.limestone.systemtest.parts.Node;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.PayloadZip;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Servers;
import io.limestone.systemtest.parts.Story;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.Machine;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Every command of Keylime's real tenant, and the life of one node on the way: registered, enrolled
 * with a payload, attested, tampered with, rebooted, removed. It is told twice, with Keylime's own
 * servers and with ours; nothing in it may depend on which they are.
 */
@Story
abstract class KeylimeTenantStory {
  private static final String ID = "d432fbb3-d2f1-4a97-9ef7-000000000002";
  private static final int GET_QUOTE = 3;
  private static final int INVALID_QUOTE = 9;
  private static final int APPLICATION_PCR = 15;

  private final NoticeReceiver webhook = new NoticeReceiver();
  private Path folder;
  private Machine machine;
  private Servers servers;
  private KeylimeTenant tenant;
  private Rest verifier;
  private Rest registrar;
  private Agent agent;
  private Node node;

  /** Starts the servers with a quote interval of half a second and this webhook. */
  abstract Servers start(Path home, NoticeReceiver webhook, Path ekRoots) throws IOException;

  @BeforeAll
  void start() throws IOException {
    folder = Workplace.empty(getClass());
    machine = Machine.booted(folder.resolve("machine"));
    servers = start(folder.resolve("servers"), webhook, machine.ekRoots());
    tenant = servers.tenant(machine.ekRoots());
    verifier = servers.verifier();
    registrar = servers.registrar();
    agent =
        new Agent(
            ID, machine, folder.resolve("agent"), servers.registrarPort(), servers.caFolder());
    node = new Node(verifier, ID);
  }

  @AfterAll
  void stop() throws IOException {
    agent.close();
    servers.close();
    webhook.close();
    machine.close();
  }

  @Test
  @Order(1)
  void theAgentRegistersWithItsEkCertificate() {
    agent.start(registrar);
    assertThat(registrar.get("/v2.6/agents/" + ID).results().string("ekcert")).isNotEmpty();
    JsonObject shown = printed(tenant.command("regstatus", "-u", ID)).object(ID);
    assertThat(shown.string("operational_state")).isEqualTo("Registered");
    assertThat(shown.integer("port")).isEqualTo(agent.port());
    assertThat(printed(tenant.command("reglist")).strings("uuids")).containsExactly(ID);
  }

  @Test
  @Order(2)
  void runtimePoliciesAreAddedListedShownUpdatedAndDeleted() throws IOException {
    String policy = machine.policyOfWhatRan().toString();
    policies("runtime", "--runtime-policy-name", "--runtime-policy", policy);
    tenant
        .command("addruntimepolicy", "--runtime-policy-name", "fleet", "--runtime-policy", policy)
        .succeeded();
  }

  @Test
  @Order(3)
  void measuredBootPoliciesAreAddedListedShownUpdatedAndDeleted() throws IOException {
    Path policy = Files.writeString(folder.resolve("mb-policy.json"), "{}");
    policies("mb", "--mb-policy-name", "--mb-policy", policy.toString());
  }

  private void policies(String kind, String nameOption, String policyOption, String policy) {
    String[] named = {nameOption, "p1"};
    String[] withPolicy = {nameOption, "p1", policyOption, policy};
    tenant.command("add" + kind + "policy", withPolicy).succeeded();
    assertThat(tenant.command("add" + kind + "policy", withPolicy).exit()).isEqualTo(1);
    assertThat(tenant.command("list" + kind + "policy").succeeded().output()).contains("'p1'");
    assertThat(tenant.command("show" + kind + "policy", named).succeeded().output())
        .contains("'name': 'p1'");
    tenant.command("update" + kind + "policy", withPolicy).succeeded();
    tenant.command("delete" + kind + "policy", named).succeeded();
    assertThat(tenant.command("delete" + kind + "policy", named).exit()).isEqualTo(1);
    assertThat(tenant.command("show" + kind + "policy", named).exit()).isEqualTo(1);
    assertThat(tenant.command("update" + kind + "policy", withPolicy).exit()).isEqualTo(1);
  }

  @Test
  @Order(4)
  void aNodeThatIsNotEnrolledIsToldApart() {
    assertThat(tenant.command("cvstatus", "-u", ID).exit()).isEqualTo(1);
    assertThat(tenant.command("status", "-u", ID).exit()).isEqualTo(1);
    assertThat(tenant.command("reactivate", "-u", ID).exit()).isEqualTo(1);
    tenant.command("delete", "-u", ID).succeeded();
  }

  @Test
  @Order(5)
  void theTenantVerifiesItAndHandsOverAPayloadWhoseScriptRuns() throws IOException {
    PayloadZip.write(folder.resolve("payload.zip"));
    enrol("add").succeeded();
    awaitPayload();
    assertThat(enrol("add").exit()).as("enrolled already").isEqualTo(1);
  }

  @Test
  @Order(6)
  void attestationGoesOnWhileTheImaListGrows() throws IOException {
    machine.executes("/usr/bin/program-3");
    node.awaitAttestations(4);
  }

  @Test
  @Order(7)
  void everyViewShowsIt() {
    tenant.command("status", "-u", ID).succeeded();
    JsonObject status = printed(tenant.command("cvstatus", "-u", ID)).object(ID);
    assertThat(status.string("operational_state")).isEqualTo("Get Quote");
    assertThat(status.string("attestation_status")).isEqualTo("PASS");
    assertThat(status.integer("has_runtime_policy")).isEqualTo(1);
    assertThat(status.string("hash_alg")).isEqualTo("sha256");
    assertThat(status.names()).hasSize(25);
    assertThat(printed(tenant.command("cvlist")).list("uuids")).isEqualTo(List.of(List.of(ID)));
    assertThat(printed(tenant.command("bulkinfo")).object(ID).string("operational_state"))
        .isEqualTo("Get Quote");
  }

  @Test
  @Order(8)
  void anUnknownProgramIsDetectedAndTheWebhookTold() throws IOException {
    machine.executes("/usr/bin/unknown");
    node.awaitState(INVALID_QUOTE);
    assertThat(node.status().string("last_event_id"))
        .isEqualTo("ima.validation.ima-ng.not_in_allowlist");
    assertThat(printed(tenant.command("cvstatus", "-u", ID)).object(ID).string("operational_state"))
        .isEqualTo("Invalid Quote");
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(webhook.about(ID))
                    .anySatisfy(
                        notice -> {
                          assertThat(notice.string("type")).isEqualTo("revocation");
                          assertThat(notice.string("severity_label")).isEqualTo("emergency");
                          assertThat(notice.string("event_id"))
                              .isEqualTo("ima.validation.ima-ng.not_in_allowlist");
                        }));
  }

  /** Of a node that is not asked any more, which is what reactivating is for. */
  @Test
  @Order(9)
  void aNodeWhosePolicyWasMendedIsReactivated() throws IOException {
    tenant
        .command(
            "updateruntimepolicy",
            "--runtime-policy-name",
            ID,
            "--runtime-policy",
            machine.policyOfWhatRan().toString())
        .succeeded();
    assertThat(node.status().integer("operational_state")).isEqualTo(INVALID_QUOTE);
    tenant.command("reactivate", "-u", ID).succeeded();
    node.awaitState(GET_QUOTE);
    node.awaitAttestations(2);
    machine.executes("/usr/bin/unknown-too");
    node.awaitState(INVALID_QUOTE);
    assertThat(node.status().string("last_event_id"))
        .isEqualTo("ima.validation.ima-ng.not_in_allowlist");
  }

  @Test
  @Order(10)
  void afterARebootItIsTheSameMachineAndAnUpdateAttestsItAnew() throws IOException {
    agent.terminate();
    machine.reboots();
    Files.delete(agent.payloadFile(PayloadZip.MARK));
    agent.start(registrar);
    // The record of the time before is there all along, so what is waited for is the new count.
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(registrar.get("/v2.6/agents/" + ID).results().integer("regcount"))
                    .isGreaterThan(1));
    enrol("update").succeeded();
    awaitPayload();
    node.awaitAttestations(2);
  }

  @Test
  @Order(11)
  void aChangedPcrIsDetectedByTheStaticPolicy() {
    tenant.command("delete", "-u", ID).succeeded();
    tenant
        .command(
            "add",
            to(
                "--runtime-policy-name",
                "fleet",
                "--tpm_policy",
                "{\"%d\": [\"%s\"]}".formatted(APPLICATION_PCR, HashAlg.SHA256.zeros().hex())))
        .succeeded();
    node.awaitAttestations(2);
    assertThat(tenant.command("deleteruntimepolicy", "--runtime-policy-name", "fleet").exit())
        .as("in use")
        .isEqualTo(1);
    machine.tpm().extend(APPLICATION_PCR, HashAlg.SHA256, HashAlg.SHA256.digest());
    node.awaitState(INVALID_QUOTE);
    assertThat(node.status().string("last_event_id")).isEqualTo("pcr_validation.invalid_pcr_15");
  }

  @Test
  @Order(12)
  void theTenantRemovesIt() {
    tenant.command("delete", "-u", ID).succeeded();
    assertThat(node.answer().status()).isEqualTo(404);
    tenant.command("deleteruntimepolicy", "--runtime-policy-name", "fleet").succeeded();
    tenant.command("regdelete", "-u", ID).succeeded();
    assertThat(registrar.get("/v2.6/agents/" + ID).status()).isEqualTo(404);
  }

  /** Status codes as pull-protocol.md section 11 and verifier-api.md section 9 list them. */
  @Test
  @Order(13)
  void questionsOutOfTurnGetTheSameStatus() throws IOException {
    try (Rest plain = Rest.plain(servers.registrarPort());
        Rest anyone = Rest.anonymous(servers.registrarTlsPort());
        Rest anyoneAtVerifier = Rest.anonymous(servers.verifierPort())) {
      Map<String, Integer> seen = new LinkedHashMap<>();
      Map<String, Integer> expected = new LinkedHashMap<>();
      ask(plain, "GET /version", 200, seen, expected);
      ask(plain, "GET /v2.6/agents", 400, seen, expected);
      ask(plain, "GET /nowhere", 404, seen, expected);
      ask(plain, "PUT /v2.6/agents/unknown {\"auth_tag\":\"00\"}", 404, seen, expected);
      ask(plain, "PUT /v2.6/agents/unknown {\"auth_tag\":", 400, seen, expected);
      ask(plain, "POST /v2.6/agents/new {\"ek_tpm\":\"AAAA\"}", 400, seen, expected);
      ask(anyone, "GET /v2.6/agents", 403, seen, expected);
      ask(anyone, "DELETE /v2.6/agents/unknown", 403, seen, expected);
      ask(registrar, "GET /v2.6/agents", 200, seen, expected);
      ask(registrar, "GET /v1.0/agents", 404, seen, expected);
      ask(registrar, "GET /v2.6/agents/unknown", 404, seen, expected);
      ask(registrar, "DELETE /v2.6/agents/unknown", 404, seen, expected);
      ask(anyoneAtVerifier, "GET /version", 200, seen, expected);
      ask(anyoneAtVerifier, "GET /v2.6/agents/", 403, seen, expected);
      ask(anyoneAtVerifier, "POST /v2.6/agents/x {}", 403, seen, expected);
      ask(anyoneAtVerifier, "GET /v2.6/verify/identity", 400, seen, expected);
      ask(anyoneAtVerifier, "POST /v2.6/verify/evidence {\"data\":{}}", 400, seen, expected);
      ask(verifier, "GET /v2.9/agents/x", 404, seen, expected);
      ask(verifier, "GET /v2.6/agents/a%20b", 400, seen, expected);
      ask(verifier, "GET /v2.6/agents/unknown", 404, seen, expected);
      ask(verifier, "POST /v2.6/agents/x {\"v\":null}", 400, seen, expected);
      ask(verifier, "PUT /v2.6/agents/unknown/reactivate", 400, seen, expected);
      ask(verifier, "DELETE /v2.6/agents/unknown", 404, seen, expected);
      ask(verifier, "GET /v2.6/allowlists/unknown", 404, seen, expected);
      ask(verifier, "DELETE /v2.6/allowlists/unknown", 404, seen, expected);
      ask(verifier, "GET /v2.6/mbpolicies/unknown", 404, seen, expected);
      ask(verifier, "PUT /v2.6/mbpolicies/unknown {\"mb_policy\":\"{}\"}", 409, seen, expected);
      ask(verifier, "PATCH /v2.6/agents/unknown {}", 405, seen, expected);
      ask(verifier.bearing("nonsense"), "GET /v2.6/agents/", 401, seen, expected);
      assertThat(seen).isEqualTo(expected);
    }
  }

  private static void ask(
      Rest rest,
      String question,
      int status,
      Map<String, Integer> seen,
      Map<String, Integer> expected) {
    List<String> words = List.of(question.split(" ", 3));
    String key = expected.size() + " " + question;
    expected.put(key, status);
    seen.put(
        key, rest.send(words.get(0), words.get(1), words.size() > 2 ? words.get(2) : "").status());
  }

  private Program.Ended enrol(String command) throws IOException {
    return tenant.command(
        command,
        to(
            "--runtime-policy",
            machine.policyOfWhatRan().toString(),
            "-f",
            folder.resolve("payload.zip").toString(),
            "--verify"));
  }

  private String[] to(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of("-u", ID, "-t", "127.0.0.1", "-tp", Integer.toString(agent.port())));
    words.addAll(Arrays.asList(more));
    return words.toArray(String[]::new);
  }

  private void awaitPayload() {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(agent.payloadFile(PayloadZip.MARK)).hasContent("the machine's secret"));
  }

  /** The tenant logs a line of words, then one of JSON: the last one that is an object. */
  private static JsonObject printed(Program.Ended ended) {
    return ended
        .succeeded()
        .output()
        .lines()
        .filter(line -> line.startsWith("{\""))
        .reduce((first, last) -> last)
        .map(Json::object)
        .orElseThrow(() -> new AssertionError("no JSON in:\n" + ended.output()));
  }
}
