package io.limestone.server.verifier;

import static io.limestone.server.verifier.Scene.path;
import static io.limestone.server.verifier.Scene.results;
import static io.limestone.server.verifier.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.server.RunningServer;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.RegistrarClient;
import io.limestone.testkit.SoftwareKey;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** verifier-api.md §9, checks of the REST interface. */
class EnrolmentTest {
  @TempDir Path home;
  private Scene scene;
  private HostileAgent agent;

  @BeforeEach
  void start() throws Exception {
    scene = Scene.start(home);
    agent = scene.agent("node-1");
  }

  @AfterEach
  void end() {
    scene.close();
  }

  @Test
  void versionIsPublicAndNamesBoth() throws Exception {
    HttpResponse<String> answer =
        RunningServer.send(
            scene.server().anonymous(), "GET", scene.server().tls("verifier", "/version"), null);
    assertThat(results(answer).string("current_version")).isEqualTo("2.6");
    assertThat(results(answer).strings("supported_versions")).contains("2.0", "2.6");
  }

  @Test
  void withoutAClientCertificateTheListIsForbidden() throws Exception {
    HttpResponse<String> answer =
        RunningServer.send(
            scene.server().anonymous(),
            "GET",
            scene.server().tls("verifier", "/v2.6/agents/"),
            null);
    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(Json.object(answer.body()).has("errors")).isTrue();
  }

  @Test
  void theListIsNestedAndEmptyAtFirst() throws Exception {
    assertThat(scene.call("GET", "/v2.6/agents/", null).body()).contains("\"uuids\":[]");
    scene.enrolled(agent, Map.of());
    assertThat(scene.call("GET", "/v2.6/agents/", null).body())
        .contains("\"uuids\":[[\"node-1\"]]");
    assertThat(scene.call("GET", "/v2.6/agents?verifier=other", null).body())
        .contains("\"uuids\":[]");
    JsonObject bulk = results(scene.call("GET", "/v2.6/agents/?bulk=True&verifier=", null));
    assertThat(bulk.object("node-1").has("operational_state")).isTrue();
  }

  @Test
  void theStatusHasExactlyThe25KeysAndNeverV() throws Exception {
    scene.enrolled(agent, Scene.v(Scene.newV()));
    JsonObject status = scene.status(agent);
    assertThat(status.names())
        .containsExactlyInAnyOrder(
            "operational_state",
            "v",
            "ip",
            "port",
            "tpm_policy",
            "meta_data",
            "has_mb_refstate",
            "has_runtime_policy",
            "accept_tpm_hash_algs",
            "accept_tpm_encryption_algs",
            "accept_tpm_signing_algs",
            "hash_alg",
            "enc_alg",
            "sign_alg",
            "verifier_id",
            "verifier_ip",
            "verifier_port",
            "severity_level",
            "last_event_id",
            "attestation_count",
            "last_received_quote",
            "last_successful_attestation",
            "attestation_status",
            "attestation_period",
            "maximum_attestation_interval");
    assertThat(status.members().get("v")).isNull();
  }

  @Test
  void badAndUnknownIdsAndVersions() throws Exception {
    assertThat(scene.call("GET", "/v2.6/agents/a%20b", null).statusCode()).isEqualTo(400);
    HttpResponse<String> post =
        scene.call("POST", "/v2.6/agents/a%20b", Scene.body(agent, Map.of()));
    assertThat(post.statusCode()).isEqualTo(400);
    assertThat(text(post)).isEqualTo("agent_id not not valid");
    HttpResponse<String> version = scene.call("GET", "/v2.9/agents/x", null);
    assertThat(version.statusCode()).isEqualTo(404);
    assertThat(version.body()).isEmpty();
    HttpResponse<String> unknown = scene.call("GET", "/v2.6/agents/unknown", null);
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(text(unknown)).isEqualTo("agent id not found");
    assertThat(scene.call("DELETE", "/v2.6/agents/unknown", null).statusCode()).isEqualTo(404);
    assertThat(scene.call("PUT", "/v2.6/agents/unknown/reactivate", null).statusCode())
        .isEqualTo(400);
  }

  @Test
  void enrollingTwiceIsAConflict() throws Exception {
    scene.enrolled(agent, Map.of());
    assertThat(scene.enrol(agent, Map.of()).statusCode()).isEqualTo(409);
  }

  @Test
  void aBodyWithoutItsMembersIsRefused() throws Exception {
    for (String missing :
        List.of(
            "tpm_policy",
            "runtime_policy",
            "mb_policy",
            "mb_policy_name",
            "ima_sign_verification_keys",
            "metadata",
            "revocation_key",
            "accept_tpm_hash_algs",
            "ak_tpm")) {
      Map<String, Object> members = new LinkedHashMap<>(Scene.body(agent, Map.of()).members());
      members.remove(missing);
      HttpResponse<String> answer =
          scene.call("POST", path(agent), new JsonObject(Collections.unmodifiableMap(members)));
      assertThat(answer.statusCode()).as(missing).isEqualTo(400);
      assertThat(text(answer)).as(missing).startsWith("Exception error");
    }
    HttpResponse<String> empty = scene.call("POST", path(agent), null);
    assertThat(text(empty)).isEqualTo("Expected non zero content length");
    assertThat(scene.enrol(agent, Collections.singletonMap("runtime_policy", null)).statusCode())
        .isEqualTo(400);
  }

  @Test
  void withoutACertificateANodeIsNotTakenWhileMtlsIsOn() throws Exception {
    for (Object cert : new Object[] {null, "disabled"}) {
      HttpResponse<String> answer = scene.enrol(agent, Collections.singletonMap("mtls_cert", cert));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(text(answer)).isEqualTo("mTLS certificate for agent is required!");
    }
  }

  @Test
  void aNamedPolicyThatIsNotThereIsNotFound() throws Exception {
    assertThat(scene.enrol(agent, Map.of("runtime_policy_name", "none")).statusCode())
        .isEqualTo(404);
    assertThat(scene.enrol(agent, Map.of("mb_policy_name", "none")).statusCode()).isEqualTo(404);
    assertThat(scene.call("GET", path(agent), null).statusCode()).isEqualTo(404);
  }

  /** Attacks 7 and 8, T2: the verifier refuses such keys whatever the registrar said. */
  @Test
  void aSoftwareOrUnrestrictedKeyIsNeverEnrolled() throws Exception {
    for (SoftwareKey key : TestKeys.notAttestationKeys()) {
      HttpResponse<String> answer =
          scene.enrol(agent, Map.of("ak_tpm", key.area().to2b().base64()));
      assertThat(answer.statusCode()).as(key.toString()).isEqualTo(400);
      assertThat(text(answer)).contains("no attestation key");
    }
  }

  @Test
  void hostileAddressesAreRefused() throws Exception {
    for (String ip : List.of("http://x", "a b", "127.0.0.1/", "x\r\ny", "a".repeat(300))) {
      assertThat(scene.enrol(agent, Map.of("cloudagent_ip", ip)).statusCode()).isEqualTo(400);
    }
    assertThat(scene.enrol(agent, Map.of("cloudagent_port", 70000)).statusCode()).isEqualTo(400);
  }

  @Test
  void policiesHaveTheirLife() throws Exception {
    for (String kind : List.of("allowlists", "mbpolicies")) {
      boolean runtime = kind.equals("allowlists");
      String member = runtime ? "runtimepolicy names" : "mbpolicy names";
      JsonObject body =
          runtime
              ? Scene.object(Scene.runtimePolicy(TestKeys.POLICY))
              : new JsonObject(Map.of("mb_policy", "{\"a\":1}"));
      String one = "/v2.6/" + kind + "/p1";
      assertThat(scene.call("PUT", one, body).statusCode()).isEqualTo(runtime ? 404 : 409);
      assertThat(scene.call("POST", one, body).statusCode()).isEqualTo(201);
      assertThat(scene.call("POST", one, body).statusCode()).isEqualTo(409);
      assertThat(scene.call("PUT", one, body).statusCode()).isEqualTo(201);
      assertThat(results(scene.call("GET", "/v2.6/" + kind + "/", null)).strings(member))
          .containsExactly("p1");
      JsonObject shown = results(scene.call("GET", one, null));
      assertThat(shown.string("name")).isEqualTo("p1");
      assertThat(shown.string(runtime ? "runtime_policy" : "mb_policy"))
          .isEqualTo(runtime ? TestKeys.POLICY : "{\"a\":1}");
      scene.enrolled(agent, Map.of(runtime ? "runtime_policy_name" : "mb_policy_name", "p1"));
      HttpResponse<String> used = scene.call("DELETE", one, null);
      assertThat(used.statusCode()).isEqualTo(409);
      assertThat(text(used)).endsWith("in use by agent node-1");
      assertThat(scene.call("DELETE", path(agent), null).statusCode()).isIn(200, 202);
      org.awaitility.Awaitility.await()
          .atMost(Scene.PATIENCE)
          .until(() -> scene.call("GET", path(agent), null).statusCode() == 404);
      HttpResponse<String> deleted = scene.call("DELETE", one, null);
      assertThat(deleted.statusCode()).isEqualTo(204);
      assertThat(deleted.body()).isEmpty();
      assertThat(scene.call("GET", one, null).statusCode()).isEqualTo(404);
      assertThat(scene.call("DELETE", one, null).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void aPolicyThatIsNoneIsRefusedAtUpload() throws Exception {
    for (String policy : List.of("", "x", "{}", "[1]", "{\"meta\":{}}")) {
      HttpResponse<String> answer =
          scene.call("POST", "/v2.6/allowlists/bad", Scene.object(Scene.runtimePolicy(policy)));
      assertThat(answer.statusCode()).as(policy).isEqualTo(400);
    }
    assertThat(scene.call("GET", "/v2.6/allowlists/bad", null).statusCode()).isEqualTo(404);
  }

  @Test
  void oneShotVerificationNamesWhatIsMissing() throws Exception {
    scene.enrolled(agent, Map.of());
    String base = "/v2.6/verify/identity?agent_uuid=node-1&quote=r&hash_alg=sha256";
    assertThat(text(scene.call("GET", base, null))).isEqualTo("missing query parameter 'nonce'");
    assertThat(scene.call("GET", base.replace("node-1", "x") + "&nonce=n", null).statusCode())
        .isEqualTo(404);
    String evidence = "/v2.6/verify/evidence";
    assertThat(text(scene.call("POST", evidence, new JsonObject(Map.of()))))
        .isEqualTo("missing parameter 'type'");
    assertThat(text(scene.call("POST", evidence, new JsonObject(Map.of("type", "tpm")))))
        .isEqualTo("missing parameter 'data'");
    JsonObject odd = new JsonObject(Map.of("type", "x", "data", Map.of()));
    assertThat(text(scene.call("POST", evidence, odd))).isEqualTo("invalid evidence type");
    JsonObject bare =
        new JsonObject(
            Map.of(
                "type",
                "tpm",
                "data",
                Map.of(
                    "quote", "r", "nonce", "n", "hash_alg", "sha256", "tpm_ek", "", "tpm_ak", "")));
    HttpResponse<String> answer = scene.call("POST", evidence, bare);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("default.missing_policy");
    JsonObject tee = new JsonObject(Map.of("type", "tee", "data", Map.of()));
    assertThat(scene.call("POST", evidence, tee).statusCode()).isEqualTo(400);
  }

  @Test
  void anIdWithAnySuffixBehindAnEnrolledOneIsAnotherNode() throws Exception {
    scene.enrolled(agent, Map.of());
    assertThat(scene.agent("node-1x", KeyKind.ECC256).agent().id().value()).isEqualTo("node-1x");
    assertThat(scene.call("GET", "/v2.6/agents/node-1x", null).statusCode()).isEqualTo(404);
  }

  /** T9: what the user validated is what was proven, whatever comes between the two. */
  @Test
  void t9_anAkOtherThanTheRegisteredOneIsRefused() throws Exception {
    try (Scene both = Scene.start(home.resolve("both"), "server.roles", "registrar,verifier")) {
      HostileAgent node = both.agent("node-9");
      HostileAgent other = both.agent("node-9");
      assertThat(text(both.enrol(node, Map.of()))).contains("not registered here");
      RegistrarClient registrar =
          new RegistrarClient(HttpClient.newHttpClient(), both.server().plain(""));
      assertThat(registrar.register(node)).isEqualTo(200);
      HttpResponse<String> swapped =
          both.enrol(node, Map.of("ak_tpm", other.agent().tpm().ak().to2b().base64()));
      assertThat(swapped.statusCode()).isEqualTo(400);
      assertThat(text(swapped)).contains("not the attestation key that is registered");
      assertThat(both.call("GET", path(node), null).statusCode()).isEqualTo(404);
      both.enrolled(node, Map.of());
      both.awaitAttested(node, 1);
    }
  }
}
