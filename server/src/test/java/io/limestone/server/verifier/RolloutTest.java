package io.limestone.server.verifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.keylime.NodeId;
import io.limestone.keylime.OperationalState;
import io.limestone.testkit.HostileAgent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Policies on their way to real nodes: versions, candidates, canaries, and the way back. */
class RolloutTest extends OnAVerifier {
  private static final String WEB = "/limestone/v1/policies/runtime/web";
  private static final String GOOD = sha256("good");
  private static final String UPDATED = sha256("good, updated");
  private static final String OLD = TestKeys.POLICY;
  private static final String BOTH = OLD.replace(GOOD, GOOD + "\",\"" + UPDATED);
  private static final String NEW = OLD.replace(GOOD, UPDATED);

  /**
   * Keylime issue 1515: list L0, then L0 and L1 during the roll-out, then L1. Updated while it
   * runs, without a reboot, a node stays trusted all the time; one that was not updated is found:
   * first by the audit, then by the policy.
   */
  @Test
  void packagesAreUpdatedWithoutAFalseAlarmAndTheNodeThatWasNotIsFound() throws Exception {
    stored(OLD);
    HostileAgent updated = node("updated");
    HostileAgent forgotten = node("forgotten");
    attestedBothTwice(updated, forgotten);

    Map<String, String> both = new LinkedHashMap<>(Scene.runtimePolicy(BOTH));
    both.put("why", "httpd 2.4.66 is being rolled out");
    assertThat(scene.call("PUT", "/v2.6/allowlists/web", Scene.object(both)).statusCode())
        .isEqualTo(201);
    attestedBothTwice(updated, forgotten);
    updated.agent().ima().file("/bin/good", "good, updated");
    attestedBothTwice(updated, forgotten);

    JsonObject audit = change("audit", NEW, Map.of("accept_replaced", true));
    assertThat(audit.string("done")).contains("version 3 is judged beside version 2");
    awaitWeb("would_pass", 1);
    JsonObject web = awaitWeb("would_fail", 1);
    assertThat(web.list("failing").toString()).contains("forgotten", GOOD);
    attestedBothTwice(updated, forgotten);
    assertThat(trusted(forgotten)).isTrue();
    JsonObject seen = scene.explanation(forgotten);
    assertThat(seen.string("health")).isEqualTo("trusted");
    assertThat(seen.object("candidate").bool("passes")).isFalse();
    assertThat(seen.object("candidate").list("all").toString()).contains("/bin/good");
    assertThat(seen.list("timeline").toString())
        .contains("would_fail", "runtime policy web version 3");

    change("enforce", "", Map.of());
    scene.awaitState(forgotten, OperationalState.INVALID_QUOTE);
    attestedBothTwice(updated, updated);
    assertThat(trusted(updated)).isTrue();
    assertThat(scene.explanation(updated).list("timeline").toString()).doesNotContain("untrusted");

    assertThat(passesAsDraft(updated, Map.of("same_leave", true))).isTrue();
    assertThat(passesAsDraft(updated, Map.of())).as("a draft has no leave of its own").isFalse();
    both.put("why", "a mistake");
    assertThat(scene.call("PUT", "/v2.6/allowlists/web", Scene.object(both)).statusCode())
        .isEqualTo(201);
    attestedBothTwice(updated, updated);
    assertThat(change("rollback", "", Map.of()).string("done"))
        .contains("from version 4 to version 3", "replaced files of version 2");
    attestedBothTwice(updated, updated);
    assertThat(trusted(updated)).as("back to version 3 as it was").isTrue();

    JsonObject history = Scene.results(scene.call("GET", WEB, null));
    assertThat(history.integer("enforced")).isEqualTo(3);
    assertThat(history.list("versions")).hasSize(4);
    assertThat(history.list("versions").toString())
        .contains("httpd 2.4.66 is being rolled out", "admin ");
    String log =
        Scene.results(scene.call("GET", "/limestone/v1/audit?subject=web", null)).toString();
    assertThat(log).contains("roll out runtime_policy", "why: test of enforce");
  }

  /**
   * The same old file without a later measurement of the new one is refused, in strict mode too.
   */
  @Test
  void withoutLeaveEvenAReplacedFileIsRefused() throws Exception {
    stored(BOTH);
    HostileAgent agent = node("updated");
    agent.agent().ima().file("/bin/good", "good, updated");
    scene.awaitAttested(agent, 2);
    change("audit", NEW, Map.of());
    awaitWeb("would_fail", 1);
    change("rollback", "", Map.of());
    JsonObject web = Scene.results(scene.call("GET", WEB, null));
    assertThat(web.integer("enforced")).isEqualTo(1);
    assertThat(web.members()).containsEntry("candidate", null);
    change("enforce", "", Map.of("version", 2));
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    assertThat(change("rollback", "", Map.of()).string("done"))
        .contains("from version 2 to version 1");
  }

  @Test
  void aCanaryIsDecidedByTheCandidateAndTheOthersAreNot() throws Exception {
    stored(OLD);
    String first = "";
    String other = "";
    for (int i = 0; first.isEmpty() || other.isEmpty(); i++) {
      boolean early = Share.includes(NodeId.parse("node-" + i), "web", 10);
      first = early ? "node-" + i : first;
      other = early ? other : "node-" + i;
    }
    HostileAgent canary = node(first);
    HostileAgent audited = node(other);
    attestedBothTwice(canary, audited);
    change("audit", NEW, Map.of());
    awaitWeb("would_fail", 2);
    change("canary", "", Map.of("percent", 10));
    scene.awaitState(canary, OperationalState.INVALID_QUOTE);
    attestedBothTwice(audited, audited);
    JsonObject web = awaitWeb("would_fail", 1);
    assertThat(web.list("canaries")).isEqualTo(List.of(first));
    change("rollback", "", Map.of());
    assertThat(scene.call("PUT", Scene.path(canary) + "/reactivate", null).statusCode())
        .isEqualTo(200);
    attestedBothTwice(canary, audited);
  }

  @Test
  void aGroupOfNodesCanGoFirst() throws Exception {
    stored(OLD);
    HostileAgent staging = node("staging-1", "{\"group\":\"staging\"}");
    HostileAgent other = node("web-1", "not even JSON");
    attestedBothTwice(staging, other);
    change("audit", NEW, Map.of());
    assertThat(change("canary", "", Map.of("group", "staging")).string("done"))
        .contains("on the nodes of group staging");
    scene.awaitState(staging, OperationalState.INVALID_QUOTE);
    JsonObject web = awaitWeb("would_fail", 1);
    assertThat(web.list("canaries")).isEqualTo(List.of("staging-1"));
    assertThat(web.string("canary_group")).isEqualTo("staging");
    attestedBothTwice(other, other);
    assertThat(Scene.text(post("canary", Map.of("why", "w", "group", "a b"))))
        .contains("a group's name");
    change("rollback", "", Map.of());
    assertThat(Scene.results(scene.call("GET", WEB, null)).members())
        .containsEntry("canary_group", null);
  }

  @Test
  void aChangeNeedsAReasonAndSomethingToChange() throws Exception {
    stored(OLD);
    assertThat(post("audit", Map.of()).statusCode()).isEqualTo(400);
    assertThat(Scene.text(post("enforce", Map.of("version", 1)))).contains("'why' is missing");
    assertThat(Scene.text(post("enforce", Map.of("why", "w")))).contains("no candidate");
    assertThat(Scene.text(post("canary", Map.of("why", "w", "percent", 5))))
        .contains("begin with audit");
    assertThat(Scene.text(post("rollback", Map.of("why", "w")))).contains("no version before 1");
    assertThat(Scene.text(post("enforce", Map.of("why", "w", "version", 7))))
        .contains("has no version 7");
    assertThat(
            scene
                .call(
                    "POST",
                    "/limestone/v1/policies/runtime/nothing/enforce",
                    new JsonObject(Map.of("why", "w")))
                .statusCode())
        .isEqualTo(404);
    assertThat(Scene.results(scene.call("GET", WEB, null)).list("versions")).hasSize(1);
  }

  /** The policy enforced, tried on the last evidence of a node as if it were a draft. */
  private boolean passesAsDraft(HostileAgent node, Map<String, Object> more) throws Exception {
    Map<String, Object> body = new LinkedHashMap<>(Scene.runtimePolicy(NEW));
    body.put("nodes", List.of(node.agent().id().value()));
    body.putAll(more);
    JsonObject tried = Scene.results(scene.call("POST", "/limestone/v1/try", new JsonObject(body)));
    assertThat(tried.integer("no_evidence")).isZero();
    return tried.integer("would_pass") == 1;
  }

  private void stored(String policy) throws Exception {
    assertThat(
            scene
                .call("POST", "/v2.6/allowlists/web", Scene.object(Scene.runtimePolicy(policy)))
                .statusCode())
        .isEqualTo(201);
  }

  private HostileAgent node(String id) throws Exception {
    return node(id, "{}");
  }

  private HostileAgent node(String id, String metadata) throws Exception {
    HostileAgent agent = scene.agent(id);
    agent.agent().ima().bootAggregate().file("/bin/good", "good");
    scene.enrolled(
        agent,
        Map.of(
            "runtime_policy_name",
            "web",
            "tpm_policy",
            "{\"mask\":\"0x400\"}",
            "metadata",
            metadata));
    return agent;
  }

  private JsonObject change(String act, String policy, Map<String, ?> more) throws Exception {
    Map<String, Object> body = new LinkedHashMap<>(more);
    body.put("why", "test of " + act);
    if (!policy.isEmpty()) {
      body.put("runtime_policy", Bytes.of(policy.getBytes(UTF_8)).base64());
    }
    return Scene.results(post(act, body));
  }

  private HttpResponse<String> post(String act, Map<String, ?> body) throws Exception {
    return scene.call("POST", WEB + "/" + act, new JsonObject(new LinkedHashMap<>(body)));
  }

  private JsonObject awaitWeb(String member, long value) {
    return await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> Scene.results(scene.call("GET", WEB, null)), web -> web.integer(member) == value);
  }

  private boolean trusted(HostileAgent agent) throws Exception {
    return scene.explanation(agent).string("health").equals("trusted");
  }

  private void attestedBothTwice(HostileAgent one, HostileAgent other) throws Exception {
    long first = scene.status(one).integer("attestation_count");
    long second = scene.status(other).integer("attestation_count");
    scene.awaitAttested(one, first + 2);
    scene.awaitAttested(other, second + 2);
  }

  private static String sha256(String content) {
    return HashAlg.SHA256.digest(Bytes.of(content.getBytes(UTF_8))).hex();
  }
}
