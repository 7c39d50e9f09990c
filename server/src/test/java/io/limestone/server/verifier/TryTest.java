package io.limestone.server.verifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.testkit.HostileAgent;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drafts judged against the evidence that is kept of real nodes. */
class TryTest extends OnAVerifier {
  private static final String POLICY =
      TestKeys.POLICY.replace("\"excludes\":[]", "\"excludes\":[\"/many/.*\"]");
  private static final String WITHOUT_GOOD = POLICY.replace("/bin/good", "/bin/other");

  @TempDir Path elsewhere;

  @Test
  void whoWouldFailIsToldByCauseAndForAllOfTheList() throws Exception {
    HostileAgent first = node("first");
    HostileAgent second = node("second");
    HostileAgent other = node("third");
    other.agent().ima().file("/many/different", "different");
    attested(first, second, other);

    assertThat(tried(POLICY, Map.of()).integer("would_pass")).isEqualTo(3);
    JsonObject refused = tried(WITHOUT_GOOD, Map.of());
    assertThat(refused.integer("would_fail")).isEqualTo(3);
    assertThat(refused.list("causes")).hasSize(1);
    JsonObject cause = (JsonObject) refused.list("causes").getFirst();
    assertThat(cause.integer("count")).isEqualTo(3);
    assertThat(cause.strings("nodes")).containsExactly("first", "second", "third");
    assertThat(cause.object("failure").object("context").string("path")).isEqualTo("/bin/good");

    JsonObject strict = tried(TestKeys.POLICY, Map.of("nodes", List.of("third")));
    assertThat(strict.integer("would_fail")).isEqualTo(1);
    assertThat(tried(TestKeys.POLICY, Map.of("users_of", "first")).integer("would_pass"))
        .isEqualTo(1);
    assertThat(tried(POLICY, Map.of("after", "second")).integer("would_pass")).isEqualTo(1);
    assertThat(scene.explanation(other).string("health")).isEqualTo("trusted");
    assertThat(scene.call("POST", "/limestone/v1/try", body("{}", Map.of())).statusCode())
        .isEqualTo(400);
  }

  /** Slices are put together byte for byte, or the list would not replay to the quote. */
  @Test
  void aLongListIsPutTogetherFromItsSlicesAlsoAfterARestart() throws Exception {
    HostileAgent agent = node("growing");
    attested(agent);
    for (int round = 0; round < 4; round++) {
      many(agent, 700, round);
      attested(agent);
      assertThat(tried(POLICY, Map.of()).integer("would_pass")).as("round " + round).isEqualTo(1);
    }
    scene.restart();
    assertThat(tried(POLICY, Map.of()).integer("would_pass")).isEqualTo(1);
    many(agent, 100, 9);
    attested(agent);
    JsonObject after = tried(TestKeys.POLICY, Map.of());
    assertThat(after.integer("would_fail")).isEqualTo(1);
    assertThat(tried(POLICY, Map.of()).integer("would_pass")).isEqualTo(1);

    assertThat(scene.call("DELETE", Scene.path(agent), null).statusCode()).isIn(200, 202);
    await()
        .pollInterval(Duration.ofMillis(200))
        .atMost(Duration.ofSeconds(30))
        .until(() -> metrics().contains("limestone_evidence_bytes 0\n"));
  }

  @Test
  void aListThatIsTooLongIsNotKeptAndTheNodeIsStillAttestedSliceBySlice() throws Exception {
    scene.close();
    scene = Scene.start(elsewhere, Scene.and(database(), "verifier.evidence_of_node", "1000"));
    HostileAgent agent = node("long");
    many(agent, 100, 0);
    attested(agent);
    attested(agent);
    JsonObject tried = tried(WITHOUT_GOOD, Map.of());
    assertThat(tried.integer("no_evidence")).isEqualTo(1);
    assertThat(tried.integer("would_fail")).isZero();
    assertThat(metrics()).contains("limestone_evidence_skipped_nodes 1");
    List<Long> from = new CopyOnWriteArrayList<>();
    agent
        .agent()
        .tamper(
            reply -> {
              reply.ima().ifPresent(list -> from.add(list.firstEntry()));
              return reply;
            });
    attested(agent);
    assertThat(from).isNotEmpty().allMatch(entry -> entry > 0);
  }

  private static void many(HostileAgent agent, int count, int round) {
    for (int i = 0; i < count; i++) {
      agent.agent().ima().file("/many/" + round + "/" + i, "content " + round + " " + i);
    }
  }

  private HostileAgent node(String id) throws Exception {
    HostileAgent agent = scene.agent(id);
    agent.agent().ima().bootAggregate().file("/bin/good", "good");
    scene.enrolled(agent, Scene.runtimePolicy(POLICY));
    return agent;
  }

  private void attested(HostileAgent... agents) throws Exception {
    for (HostileAgent agent : agents) {
      scene.awaitAttested(agent, scene.status(agent).integer("attestation_count") + 3);
    }
  }

  private JsonObject tried(String policy, Map<String, ?> more) throws Exception {
    return Scene.results(scene.call("POST", "/limestone/v1/try", body(policy, more)));
  }

  private static JsonObject body(String policy, Map<String, ?> more) {
    Map<String, Object> body = new LinkedHashMap<>(more);
    body.put("runtime_policy", Bytes.of(policy.getBytes(UTF_8)).base64());
    return new JsonObject(body);
  }

  private String metrics() throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://127.0.0.1:" + scene.server().port("management") + "/metrics");
      return client
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }
}
