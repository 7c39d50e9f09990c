package io.limestone.server.verifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.keylime.OperationalState;
import io.limestone.keylime.QuoteReply;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.create.Measured;
import io.limestone.policy.create.PolicyDraft;
import io.limestone.testkit.HostileAgent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What nodes run is learnt from their evidence, and from nothing that is only claimed. */
class LearnTest extends OnAVerifier {
  private static final String LEARNINGS = "/limestone/v1/learnings";
  private static final String ALL = "{\"mask\":\"0x400\"}";

  /** Over reboots of the node and a restart of the server, and the policy made of it is right. */
  @Test
  void whatRanBeforeARebootAndARestartStays() throws Exception {
    HostileAgent agent = node("web-1", Map.of("tpm_policy", ALL));
    agent.agent().ima().file("/bin/before-learning", "old");
    attested(agent);
    started("autumn", Map.of("nodes", List.of("web-1")));
    awaitThing("/bin/before-learning");
    agent.agent().ima().file("/bin/first-boot", "1");
    awaitThing("/bin/first-boot");

    agent.agent().reboot(ima -> ima.bootAggregate().file("/bin/second-boot", "2"));
    awaitThing("/bin/second-boot");
    scene.restart();
    agent.agent().ima().file("/bin/after-restart", "3");
    awaitThing("/bin/after-restart");
    agent.agent().reboot(ima -> ima.bootAggregate().file("/bin/third-boot", "4"));
    awaitThing("/bin/third-boot");

    assertThat(names("autumn"))
        .containsExactlyInAnyOrder(
            "boot_aggregate",
            "/bin/good",
            "/bin/before-learning",
            "/bin/first-boot",
            "/bin/second-boot",
            "/bin/after-restart",
            "/bin/third-boot");
    JsonObject of = of("autumn", "web-1");
    assertThat(of.integer("boots")).isEqualTo(3);
    assertThat(of.string("problem")).isEmpty();

    assertThat(change("autumn", "finish").string("done")).isEqualTo("finished");
    agent.agent().ima().file("/bin/too-late", "5");
    attested(agent);
    assertThat(names("autumn")).hasSize(7).doesNotContain("/bin/too-late");
    assertThat(status("autumn").bool("recording")).isFalse();
    RuntimePolicy learnt = RuntimePolicy.parse(Bytes.of(draft("autumn").getBytes(UTF_8)));
    assertThat(learnt.isEmpty()).isFalse();
    assertThat(log()).contains("start: nodes web-1", "why: test of learning", "finished");
    change("autumn", "discard");
    assertThat(call("GET", "/autumn", null).statusCode()).isEqualTo(404);
  }

  /** A forged list is refused, and nothing in it is learnt. */
  @Test
  void aListThatIsOnlyClaimedIsNeverLearnt() throws Exception {
    HostileAgent agent = node("liar", Map.of("tpm_policy", ALL));
    started("claims", Map.of("nodes", List.of("liar")));
    awaitThing("claims", "/bin/good");
    agent.agent().ima().file("/bin/behind-the-lie", "true");
    agent
        .agent()
        .tamper(
            reply ->
                with(
                    reply,
                    text -> text.replace("/bin/behind-the-lie", "/bin/evil"),
                    "10 " + "ab".repeat(20) + " ima-ng sha256:" + "cd".repeat(32) + " /bin/x\n"));
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    patiently(() -> of("claims", "liar").string("problem").contains("not trusted"));
    assertThat(names("claims"))
        .contains("boot_aggregate", "/bin/good")
        .doesNotContain("/bin/evil", "/bin/x");
  }

  /** What the policy in force refuses is learnt, and the node stays refused all the same. */
  @Test
  void unknownFilesAreLearntAndLearningDecidesNothing() throws Exception {
    HostileAgent agent = node("strict", Scene.runtimePolicy(TestKeys.POLICY));
    started("update", Map.of("users_of", "strict"));
    agent.agent().ima().file("/bin/new", "new").violation("/var/log/changing");
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    awaitThing("update", "/bin/new");
    assertThat(scene.explanation(agent).string("health")).isEqualTo("untrusted");
    JsonObject status = status("update");
    assertThat(status.integer("violations")).isEqualTo(1);
    assertThat(status.integer("unsigned")).isEqualTo(3);
    assertThat(of("update", "strict").integer("brought")).isEqualTo(4);
  }

  /** A node that fails on something else may be anybody's: what it runs is not learnt. */
  @Test
  void aNodeThatFailsOtherwiseTeachesNothing() throws Exception {
    HostileAgent agent =
        node(
            "wrong",
            Map.of("tpm_policy", "{\"mask\":\"0x408\",\"3\":[\"" + "00".repeat(32) + "\"]}"));
    started("none", Map.of("nodes", List.of("wrong")));
    awaitThing("none", "/bin/good");
    agent.agent().tpm().extend(HashAlg.SHA256, 3, HashAlg.SHA256.zeros());
    agent.agent().ima().file("/bin/behind", "whoever");
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    patiently(() -> of("none", "wrong").string("problem").contains("invalid_pcr_3"));
    assertThat(names("none")).containsExactlyInAnyOrder("boot_aggregate", "/bin/good");
  }

  @Test
  void eachThingIsLearntOnceAndWhatOnlyOneNodeRunsIsTold() throws Exception {
    HostileAgent one = node("one", Map.of("tpm_policy", ALL, "metadata", "{\"group\":\"blue\"}"));
    HostileAgent two = node("two", Map.of("tpm_policy", ALL, "metadata", "{\"group\":\"blue\"}"));
    HostileAgent other = node("other", Map.of("tpm_policy", ALL));
    other.agent().ima().file("/bin/other", "other");
    one.agent().ima().file("/bin/odd", "odd");
    assertThat(started("blue", Map.of("group", "blue")).integer("nodes")).isEqualTo(2);
    patiently(() -> status("blue").list("nodes").size() == 2);
    awaitThing("blue", "/bin/odd");
    attested(one, two, other);
    assertThat(names("blue")).containsExactlyInAnyOrder("boot_aggregate", "/bin/good", "/bin/odd");
    assertThat(status("blue").integer("on_one_node_only")).isEqualTo(1);
    JsonObject good =
        things("blue").stream().filter(t -> t.string("name").equals("/bin/good")).findAny().get();
    assertThat(good.strings("nodes")).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void aLearningIsBoundedInThingsAndTime() throws Exception {
    scene.close();
    scene = Scene.start(home, Scene.and(database(), "verifier.learn_things", "2"));
    HostileAgent agent = node("many", Map.of("tpm_policy", ALL));
    agent.agent().ima().file("/bin/3", "3").file("/bin/4", "4");
    started("few", Map.of("nodes", List.of("many")));
    patiently(() -> status("few").integer("left_out") >= 2);
    assertThat(names("few")).hasSize(2);
    attested(agent);
    assertThat(scene.explanation(agent).string("health")).isEqualTo("trusted");

    started("short", Map.of("nodes", List.of("many"), "seconds", 1));
    patiently(() -> !status("short").bool("recording"));
    patiently(() -> status("short").optionalInteger("ended_ms").isPresent());
    assertThat(
            Scene.results(scene.call("GET", "/limestone/v1/audit?subject=short", null)).toString())
        .contains("its time is over");
  }

  @Test
  void whatCannotBeStartedIsRefusedWithTheReason() throws Exception {
    HostileAgent plain = node("plain", Map.of("tpm_policy", "{}"));
    assertThat(started("plain", Map.of("nodes", List.of("plain"))).strings("unable"))
        .containsExactly("plain");
    attested(plain);
    patiently(() -> of("plain", "plain").string("problem").contains("PCR 10 is not quoted"));
    assertThat(refused("plain", Map.of("nodes", List.of("plain"))))
        .contains("there is a learning plain already");
    assertThat(refused("x", Map.of("nodes", List.of("nobody")))).contains("not enrolled: nobody");
    assertThat(refused("x", Map.of("users_of", "nothing"))).contains("no such nodes");
    assertThat(refused("x", Map.of())).contains("of which nodes?");
    assertThat(refused("x", Map.of("nodes", List.of("plain"), "seconds", 0))).contains("seconds");
    assertThat(refused("x", Map.of("nodes", List.of("plain"), "why", " "))).contains("'why'");
    assertThat(call("POST", "/x/finish", Map.of("why", "w")).statusCode()).isEqualTo(404);
    assertThat(call("POST", "/plain/discard", Map.of()).statusCode()).isEqualTo(400);
    assertThat(names("plain")).isEmpty();
  }

  private static QuoteReply with(QuoteReply reply, UnaryOperator<String> change, String more) {
    return new QuoteReply(
        reply.quote(),
        reply.hashAlg(),
        reply.encAlg(),
        reply.signAlg(),
        reply.publicKeyPem(),
        reply
            .ima()
            .map(
                list ->
                    new QuoteReply.ImaList(
                        Bytes.of(
                            (change.apply(new String(list.text().toArray(), UTF_8)) + more)
                                .getBytes(UTF_8)),
                        list.firstEntry())),
        reply.bootLog(),
        reply.bootTime());
  }

  private HostileAgent node(String id, Map<String, String> how) throws Exception {
    HostileAgent agent = scene.agent(id);
    agent.agent().ima().bootAggregate().file("/bin/good", "good");
    scene.enrolled(agent, how);
    return agent;
  }

  private void attested(HostileAgent... agents) throws Exception {
    for (HostileAgent agent : agents) {
      scene.awaitAttested(agent, scene.status(agent).integer("attestation_count") + 3);
    }
  }

  private JsonObject started(String name, Map<String, ?> more) throws Exception {
    return Scene.results(start(name, more));
  }

  private HttpResponse<String> start(String name, Map<String, ?> more) throws Exception {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("why", "test of learning");
    body.put("seconds", 3600);
    body.putAll(more);
    return call("POST", "/" + name + "/start", body);
  }

  private String refused(String name, Map<String, ?> more) throws Exception {
    HttpResponse<String> answer = start(name, more);
    assertThat(answer.statusCode()).as(answer.body()).isIn(400, 409);
    return Scene.text(answer);
  }

  private JsonObject change(String name, String act) throws Exception {
    return Scene.results(call("POST", "/" + name + "/" + act, Map.of("why", "test of " + act)));
  }

  private HttpResponse<String> call(String method, String path, @Nullable Map<String, ?> body)
      throws Exception {
    return scene.call(
        method, LEARNINGS + path, body == null ? null : new JsonObject(new LinkedHashMap<>(body)));
  }

  private JsonObject status(String name) throws Exception {
    return Scene.results(call("GET", "/" + name, null));
  }

  private JsonObject of(String name, String node) throws Exception {
    return status(name).list("nodes").stream()
        .map(JsonObject.class::cast)
        .filter(of -> of.string("id").equals(node))
        .findFirst()
        .orElse(new JsonObject(Map.of("problem", "", "brought", 0L, "boots", 0L)));
  }

  private List<JsonObject> things(String name) throws Exception {
    List<JsonObject> things = new ArrayList<>();
    Optional<String> next = Optional.of("");
    while (next.isPresent()) {
      JsonObject page =
          Scene.results(call("GET", "/" + name + "/things?after=" + next.get(), null));
      page.list("things").forEach(one -> things.add((JsonObject) one));
      next = page.optionalString("next");
    }
    return things;
  }

  private List<String> names(String name) throws Exception {
    return things(name).stream().map(one -> one.string("name")).toList();
  }

  private String draft(String name) throws Exception {
    PolicyDraft draft = new PolicyDraft();
    for (JsonObject thing : things(name)) {
      draft.allow(
          new Measured(
              Measured.Kind.valueOf(thing.string("kind").toUpperCase(Locale.ROOT)),
              thing.string("name"),
              thing.string("digest"),
              thing.bool("signed")));
    }
    return draft.toText("2026-11-26 04:00:00.000000");
  }

  private String log() throws Exception {
    return Scene.results(scene.call("GET", "/limestone/v1/audit?subject=autumn", null)).toString();
  }

  private void awaitThing(String path) {
    awaitThing("autumn", path);
  }

  private void awaitThing(String learning, String path) {
    patiently(() -> names(learning).contains(path));
  }

  private static void patiently(Callable<Boolean> condition) {
    ConditionFactory patient = await().pollInterval(Duration.ofMillis(50)).atMost(Scene.PATIENCE);
    patient.until(condition);
  }
}
