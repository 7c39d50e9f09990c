package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.keylime.EvidenceDocument;
import io.limestone.keylime.OperationalState;
import io.limestone.policy.boot.BootPolicyMaker;
import io.limestone.policy.boot.BootUpdate;
import io.limestone.testkit.BootLogWriter;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.OtherBoot;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Boot policies on real nodes: judged each time, with times that pass. */
class BootPoliciesTest {
  private static final String SERVERS = "/v2.6/mbpolicies/servers";
  private static final Bytes LOG = log();
  private static final Bytes UPDATED =
      OtherBoot.withKernel(LOG, "5.14.0-503.11.1.el9_5.x86_64", "5.14.0-570.12.1.el9_6.x86_64");

  @TempDir Path home;
  private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
  private Scene scene;

  @BeforeEach
  void start() throws Exception {
    scene = Scene.start(home, () -> Instant.now().plus(ahead.get()));
  }

  @AfterEach
  void end() {
    scene.close();
  }

  private static Bytes log() {
    Path file = Path.of(System.getProperty("limestone.testdata"), "uefi", "keylime-secureboot.bin");
    try {
      return Bytes.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<MeasuredEvent> measured(Bytes log) {
    return BootLog.parse(log).measured(HashAlg.SHA256);
  }

  /**
   * The times of an announcement pass, and nothing else happens: neither logs nor policy change.
   */
  @Test
  void theVerdictFollowsTheTimesOfAnAnnouncement() throws Exception {
    Instant now = Instant.now();
    BootUpdate update =
        new BootUpdate(
            BootPolicyMaker.make(List.of(measured(LOG))).document(),
            now.plus(Duration.ofDays(1)),
            now.plus(Duration.ofDays(15)));
    assertThat(update.boots(List.of(measured(LOG)), List.of(measured(UPDATED)))).isEmpty();
    stored(Json.text(update.document()));
    HostileAgent forgotten = node("forgotten", LOG);
    HostileAgent early = node("early", UPDATED);

    scene.awaitState(early, OperationalState.INVALID_QUOTE);
    assertThat(scene.explanation(early).list("failures").toString())
        .contains("listed, but accepted only from ");
    scene.awaitAttested(forgotten, 2);
    assertThat(scene.explanation(forgotten).list("outdated")).isNotEmpty();

    ahead.set(Duration.ofDays(2));
    assertThat(scene.call("PUT", Scene.path(early) + "/reactivate", null).statusCode())
        .isEqualTo(200);
    awaitTrusted(early);
    awaitTrusted(forgotten);
    assertThat(scene.explanation(early).list("outdated")).isEmpty();
    assertThat(scene.explanation(forgotten).list("outdated").toString())
        .contains("files: ", "until")
        .contains("command_lines: ");
    assertThat(outdated()).containsExactly("forgotten");

    ahead.set(Duration.ofDays(16));
    scene.awaitState(forgotten, OperationalState.INVALID_QUOTE);
    assertThat(scene.explanation(forgotten).list("failures").toString())
        .contains("listed, but accepted only until ");
    awaitTrusted(early);
    assertThat(outdated()).isEmpty();
    assertThat(scene.explanation(forgotten).list("timeline").toString())
        .contains("outdated: it booted what is accepted only until ");
  }

  /** What is known of a node outlives the server. */
  @Test
  void whoIsOutdatedIsKnownAfterARestart() throws Exception {
    BootUpdate update =
        new BootUpdate(
            BootPolicyMaker.make(List.of(measured(LOG))).document(),
            Instant.now().minusSeconds(60),
            Instant.now().plus(Duration.ofDays(1)));
    assertThat(update.boots(List.of(measured(LOG)), List.of(measured(UPDATED)))).isEmpty();
    stored(Json.text(update.document()));
    HostileAgent forgotten = node("forgotten", LOG);
    scene.awaitAttested(forgotten, 2);
    scene.restart();
    awaitTrusted(forgotten);
    assertThat(outdated()).containsExactly("forgotten");
    assertThat(scene.explanation(forgotten).list("timeline").toString().split("outdated: ", -1))
        .as("said once")
        .hasSize(2);
  }

  /** {@code {}} demands nothing of what booted, and everything of the log. */
  @ParameterizedTest
  @ValueSource(strings = {"no log", "an altered log", "another log"})
  void anEmptyPolicySkipsNothing(String how) throws Exception {
    stored("{}");
    HostileAgent agent = node("node", LOG);
    scene.awaitAttested(agent, 2);
    agent
        .agent()
        .bootLog(
            switch (how) {
              case "no log" -> Bytes.EMPTY;
              case "an altered log" -> forged();
              default -> UPDATED;
            });
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    assertThat(scene.status(agent).string("last_event_id"))
        .startsWith(
            switch (how) {
              case "no log" -> "pcr_validation.unused_pcr_0";
              case "an altered log" -> "measured_boot.unbound_event_data";
              default -> "measured_boot.invalid_pcr_";
            });
  }

  /** Nor does it in one-shot verification, where nobody knows the machine from before. */
  @ParameterizedTest
  @ValueSource(strings = {"its log", "no log", "an altered log", "another log"})
  void anEmptyPolicySkipsNothingInOneShotVerification(String how) throws Exception {
    SoftwareTpm tpm = booted(SoftwareTpm.make(KeyKind.ECC256, new TestCa("M", Instant.now())), LOG);
    String nonce = "abcdefghij0123456789";
    EvidenceDocument document =
        new EvidenceDocument(
            tpm.quote(
                Bytes.of(nonce.getBytes(StandardCharsets.US_ASCII)),
                new PcrSelection(HashAlg.SHA256, 0xfbff)),
            nonce,
            "sha256",
            "",
            tpm.ak().to2b(),
            Optional.empty(),
            Optional.empty(),
            Optional.of("{}"),
            Optional.empty(),
            switch (how) {
              case "its log" -> Optional.of(LOG);
              case "no log" -> Optional.empty();
              case "an altered log" -> Optional.of(forged());
              default -> Optional.of(UPDATED);
            });
    JsonObject body = new JsonObject(Map.of("type", "tpm", "data", document.toJson()));
    JsonObject results = Scene.results(scene.call("POST", "/v2.6/verify/evidence", body));
    assertThat(results.bool("valid")).as(results.toString()).isEqualTo(how.equals("its log"));
  }

  private static SoftwareTpm booted(SoftwareTpm tpm, Bytes log) {
    for (BootEvent event : BootLog.parse(log).events()) {
      if (event.isExtended()) {
        event.digests().forEach((bank, digest) -> tpm.extend(bank, event.pcr(), digest));
      }
    }
    return tpm;
  }

  /** The event data of the kernel's command line are altered, and not its digest. */
  private static Bytes forged() {
    BootEvent line =
        BootLog.parse(LOG).events().stream()
            .filter(event -> event.payload().toString().contains("kernel_cmdline: "))
            .findFirst()
            .orElseThrow();
    byte[] data = line.data().toArray();
    data[data.length - 2] ^= 1;
    return BootLogWriter.of(BootLog.parse(LOG)).forge(line.number(), Bytes.of(data)).bytes();
  }

  @Test
  void aChangedPolicyIsJudgedByAtTheNextAttestationAlthoughNothingBooted() throws Exception {
    stored("{}");
    HostileAgent agent = node("node", LOG);
    scene.awaitAttested(agent, 2);
    assertThat(
            put(Json.text(BootPolicyMaker.make(List.of(measured(UPDATED))).document()))
                .statusCode())
        .isEqualTo(201);
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    assertThat(scene.status(agent).string("last_event_id"))
        .isEqualTo("measured_boot.policy_limestone");
  }

  @Test
  void aPolicyThatCannotBeUsedIsRefusedWithTheReason() throws Exception {
    HostileAgent agent = scene.agent("node");
    for (String policy :
        List.of(
            "x",
            "[1]",
            "{\"payload\":\"e30=\",\"payloadType\":\"x\",\"signatures\":[]}",
            "{\"limestone_boot_policy\":1}",
            "{\"limestone_boot_policy\":2,\"secure_boot\":true}",
            "{\"limestone_boot_policy\":1,\"secure_boot\":true,\"program\":[]}",
            "{\"limestone_boot_policy\":1,\"secure_boot\":true,\"mok\":[{\"sha256\":\"00\"}]}")) {
      HttpResponse<String> answer = scene.call("POST", SERVERS, body(policy));
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
      assertThat(Scene.text(answer)).startsWith("the measured boot policy cannot be used: ");
      assertThat(scene.call("GET", SERVERS, null).statusCode()).isEqualTo(404);
      Map<String, String> more = Map.of("mb_policy", policy, "tpm_policy", "{\"mask\":\"0xfbff\"}");
      assertThat(scene.enrol(agent, more).statusCode()).as(policy).isEqualTo(400);
    }
  }

  private void stored(String policy) throws Exception {
    HttpResponse<String> answer = scene.call("POST", SERVERS, body(policy));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
  }

  private HttpResponse<String> put(String policy) throws Exception {
    return scene.call("PUT", SERVERS, body(policy));
  }

  private static JsonObject body(String policy) {
    return Scene.object(Map.of("mb_policy", policy));
  }

  private HostileAgent node(String id, Bytes log) throws Exception {
    HostileAgent agent = scene.agent(id);
    var unused = booted(agent.agent().tpm(), log);
    agent.agent().bootLog(log);
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("mb_policy_name", "servers");
    more.put("tpm_policy", "{\"mask\":\"0xfbff\"}");
    scene.enrolled(agent, more);
    return agent;
  }

  private void awaitTrusted(HostileAgent agent) {
    await()
        .atMost(Scene.PATIENCE)
        .until(() -> scene.explanation(agent).string("health").equals("trusted"));
  }

  private List<String> outdated() throws Exception {
    return Scene.results(scene.call("GET", "/limestone/v1/nodes", null)).list("nodes").stream()
        .map(JsonObject.class::cast)
        .filter(node -> !node.list("outdated").isEmpty())
        .map(node -> node.string("id"))
        .toList();
  }
}
