package io.limestone.server.verifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.keylime.OperationalState;
import io.limestone.testkit.HostileAgent;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is stored of a policy is what was found good; and if it is not, no node is blamed. */
class StoredPolicyTest {
  @TempDir Path home;
  private Scene scene;

  @BeforeEach
  void start() throws Exception {
    scene = Scene.start(home);
  }

  @AfterEach
  void end() {
    scene.close();
  }

  /** Something is signed only where there is a payload; else the text itself is the policy. */
  @Test
  void anEmptyPayloadDoesNotReplaceThePolicyThatWasFoundGood() throws Exception {
    String policy = TestKeys.POLICY.replaceFirst("\\{", "{\"payload\":\"\",");
    assertThat(upload("web", policy.getBytes(UTF_8)).statusCode()).isEqualTo(201);
    assertThat(stored("web")).isEqualTo(policy);
    HostileAgent agent = node("node-1", "web");
    scene.awaitAttested(agent, 1);
  }

  /** The store holds texts: other bytes would be another policy there than the one found good. */
  @Test
  void aPolicyThatIsNotUtf8IsRefused() throws Exception {
    byte[] utf16 = TestKeys.POLICY.getBytes(StandardCharsets.UTF_16BE);
    assertThat(upload("web", utf16).statusCode()).isEqualTo(400);
    byte[] overlong =
        TestKeys.POLICY
            .replace("/bin/good", "/bin/g\u00c0\u00afd")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertThat(upload("web", overlong).statusCode()).isEqualTo(400);
  }

  /** Such as one that a newer Limestone has become too strict for. */
  @Test
  void aStoredPolicyThatCannotBeReadMakesNoNodeUntrusted() throws Exception {
    assertThat(upload("web", TestKeys.POLICY.getBytes(UTF_8)).statusCode()).isEqualTo(201);
    HostileAgent agent = node("node-1", "web");
    scene.awaitAttested(agent, 1);
    sql("update policy_text set content = '{}'");
    scene.restart();
    scene.awaitState(agent, OperationalState.FAILED);
    JsonObject seen = scene.explanation(agent);
    assertThat(seen.string("health")).isEqualTo("unknown");
    assertThat(seen.toString()).contains("cannot be used any more").doesNotContain("hostile");
  }

  /** A database that does not answer for a while is no reason to give up a node. */
  @Test
  void aNodeIsAskedAgainAfterItsPolicyCouldNotBeRead() throws Exception {
    assertThat(upload("web", TestKeys.POLICY.getBytes(UTF_8)).statusCode()).isEqualTo(201);
    HostileAgent agent = node("node-1", "web");
    long before = scene.awaitAttested(agent, 1).integer("attestation_count");
    sql("alter table policy_text rename to away");
    scene.restart();
    Thread.sleep(500); // some rounds, none of which can read it
    sql("alter table away rename to policy_text");
    scene.awaitAttested(agent, before + 2);
  }

  /** Ids come from nodes: one that is called as a policy is would take that from the others. */
  @Test
  void aNodeCalledAsAPolicyOfOthersNeitherReplacesNorRemovesIt() throws Exception {
    assertThat(upload("web", TestKeys.POLICY.getBytes(UTF_8)).statusCode()).isEqualTo(201);
    HostileAgent user = node("node-1", "web");
    HostileAgent same = scene.agent("web");
    Map<String, Object> own = new LinkedHashMap<>(Scene.runtimePolicy(TestKeys.POLICY));
    HttpResponse<String> answer = scene.enrol(same, own);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(409);
    assertThat(Scene.text(answer)).contains("web", "other agents");

    scene.enrolled(same, Map.of());
    scene.awaitAttested(same, 1);
    assertThat(scene.call("DELETE", Scene.path(same), null).statusCode()).isIn(200, 202);
    assertThat(stored("web")).isEqualTo(TestKeys.POLICY);
    long before = scene.status(user).integer("attestation_count");
    scene.restart();
    scene.awaitAttested(user, before + 1);
    assertThat(scene.call("GET", Scene.path(same), null).statusCode()).isEqualTo(404);
  }

  private HttpResponse<String> upload(String name, byte[] policy) throws Exception {
    return scene.call(
        "POST",
        "/v2.6/allowlists/" + name,
        Scene.object(
            Map.of(
                "runtime_policy",
                Bytes.of(policy).base64(),
                "tpm_policy",
                "{\"mask\":\"0x400\"}")));
  }

  private String stored(String name) throws Exception {
    return Scene.results(scene.call("GET", "/v2.6/allowlists/" + name, null))
        .string("runtime_policy");
  }

  private HostileAgent node(String id, String policy) throws Exception {
    HostileAgent agent = scene.agent(id);
    agent.agent().ima().bootAggregate().file("/bin/good", "good");
    scene.enrolled(
        agent, Map.of("runtime_policy_name", policy, "tpm_policy", "{\"mask\":\"0x400\"}"));
    return agent;
  }

  private void sql(String statement) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + home.resolve("limestone.db"));
        Statement sql = connection.createStatement()) {
      sql.execute(statement);
    }
  }
}
