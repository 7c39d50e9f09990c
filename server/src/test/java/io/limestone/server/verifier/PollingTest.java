package io.limestone.server.verifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.OperationalState;
import io.limestone.keylime.QuoteReply;
import io.limestone.server.RunningServer;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.Mischief;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Secret;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The verifier against agents over real TLS with real signatures (pull-protocol.md §11, V rows).
 */
class PollingTest {
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

  @ParameterizedTest
  @EnumSource(names = {"RSA2048", "ECC256", "ECC384"})
  void aGoodNodeIsAttestedAgainAndAgain(KeyKind kind) throws Exception {
    HostileAgent agent = scene.agent("good", kind);
    scene.enrolled(agent, Map.of());
    JsonObject status = scene.awaitAttested(agent, 5);
    assertThat(status.string("attestation_status")).isEqualTo("PASS");
    assertThat(status.integer("operational_state")).isEqualTo(3);
    assertThat(scene.explanation(agent).string("health")).isEqualTo("trusted");
    assertThat(status.members().get("last_event_id")).isNull();
  }

  @Test
  void vIsDeliveredOnceAndTheStatusAndTheDatabaseNeverShowIt() throws Exception {
    HostileAgent agent = scene.agent("with-v");
    Secret v = Scene.newV();
    scene.enrolled(agent, Scene.v(v));
    scene.awaitAttested(agent, 4);
    assertThat(agent.agent().keys().deliveriesOfV()).isEqualTo(1);
    assertThat(scene.explanation(agent).string("v")).isEqualTo("released");
    scene.restart();
    scene.awaitAttested(agent, 8);
    assertThat(agent.agent().keys().deliveriesOfV()).isEqualTo(1);
    scene.server().close();
    for (String file : List.of("limestone.db", "limestone.db-wal")) {
      Path path = home.resolve(file);
      if (Files.exists(path)) {
        String bytes =
            new String(Files.readAllBytes(path), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(bytes).doesNotContain(Bytes.of(v.reveal()).base64());
        assertThat(bytes)
            .doesNotContain(new String(v.reveal(), java.nio.charset.StandardCharsets.ISO_8859_1));
      }
    }
  }

  /** Attack 2, T17. */
  @Test
  void noNonceIsEverUsedTwice() throws Exception {
    HostileAgent agent = scene.agent("nonces");
    Set<Bytes> seen = ConcurrentHashMap.newKeySet();
    agent
        .agent()
        .tamper(
            reply -> {
              Bytes nonce = io.limestone.tpm.Attest.parse(reply.quote().attest()).extraData();
              assertThat(nonce.size()).isEqualTo(20);
              assertThat(seen.add(nonce)).isTrue();
              return reply;
            });
    scene.enrolled(agent, Map.of());
    scene.awaitAttested(agent, 20);
    assertThat(seen).hasSizeGreaterThanOrEqualTo(20);
  }

  /** Row 53, attacks 1 and 2. */
  @Test
  void aReplayedQuoteIsInvalidAndEndsPolling() throws Exception {
    HostileAgent agent = scene.agent("replay");
    List<SignedQuote> old = new CopyOnWriteArrayList<>();
    agent
        .agent()
        .tamper(
            reply -> {
              if (old.isEmpty()) {
                old.add(reply.quote());
              }
              return with(reply, old.getFirst());
            });
    scene.enrolled(agent, Map.of());
    JsonObject status = scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    assertThat(status.string("last_event_id")).isEqualTo("qoute_validation.quote_validation");
    assertThat(status.integer("severity_level")).isEqualTo(6);
    assertThat(status.string("attestation_status")).isEqualTo("FAIL");
    int asked = agent.requests();
    Thread.sleep(300);
    assertThat(agent.requests()).isEqualTo(asked);
    JsonObject failure = (JsonObject) scene.explanation(agent).list("failures").getFirst();
    assertThat(failure.string("check")).contains("NONCE");
    assertThat(failure.string("remedy")).isNotEmpty();
  }

  /** Attack 4: a genuine quote, of another enrolled TPM. */
  @Test
  void aQuoteRelayedFromAnotherTpmIsInvalid() throws Exception {
    HostileAgent agent = scene.agent("relay");
    HostileAgent other = scene.agent("other", KeyKind.RSA3072);
    agent
        .agent()
        .tamper(
            reply ->
                with(
                    reply,
                    other
                        .agent()
                        .tpm()
                        .quote(
                            io.limestone.tpm.Attest.parse(reply.quote().attest()).extraData(),
                            reply.quote().pcrs().selection())));
    scene.enrolled(agent, Map.of());
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
  }

  /** Rows 52, 57: nothing but trusted evidence leads to V. */
  @Test
  void aBrokenSignatureNeverGetsV() throws Exception {
    HostileAgent agent = scene.agent("broken");
    agent
        .agent()
        .tamper(
            reply -> {
              byte[] signature = reply.quote().signature().toArray();
              signature[signature.length - 1] ^= 1;
              return with(
                  reply,
                  new SignedQuote(
                      reply.quote().attest(), Bytes.of(signature), reply.quote().pcrs()));
            });
    scene.enrolled(agent, Scene.v(Scene.newV()));
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    assertThat(agent.agent().keys().deliveriesOfV()).isZero();
    assertThat(scene.explanation(agent).string("v")).isEqualTo("withheld");
  }

  /** Row 54, attack 15. */
  @Test
  void aClockThatGoesBackIsInvalid() throws Exception {
    HostileAgent agent = scene.agent("clock");
    agent.agent().tpm().advance(7_200_000);
    scene.enrolled(agent, Map.of());
    scene.awaitAttested(agent, 2);
    agent.agent().tpm().advance(-3_600_000);
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
  }

  /** Row 58 and 56: no quote at all is a failure of the protocol, a bad part is bad evidence. */
  @Test
  void aQuoteStringThatIsNoneFailsAndOneWithABadPartIsInvalid() throws Exception {
    for (String[] text :
        new String[][] {
          {"xAA==:AA==:AA==", "7"},
          {"rAA==:AA==", "7"},
          {"rAA:AA:AA", "7"},
          {"rAA==:AA==:AA==", "9"}
        }) {
      HostileAgent agent = scene.agent("form-" + Math.floorMod(text[0].hashCode(), 1000));
      agent.misbehave(
          new Mischief.Body(
              "{\"code\":200,\"status\":\"Success\",\"results\":{\"quote\":\""
                  + text[0]
                  + "\",\"hash_alg\":\"sha256\",\"enc_alg\":\"rsa2048\",\"sign_alg\":\"rsassa\"}}"));
      scene.enrolled(agent, Map.of());
      scene.awaitStatus(agent, "operational_state", Long.parseLong(text[1]));
    }
  }

  /** T10 and attack 16: whatever an answer is, it is not trusted, and never a defect of ours. */
  @Test
  void malformedAnswersOfEveryKindAreUntrusted() throws Exception {
    String filled = "{\"code\":200,\"status\":\"S\",\"results\":";
    List<Mischief> kinds =
        List.of(
            new Mischief.Body(""),
            new Mischief.Body("null"),
            new Mischief.Body("[]"),
            new Mischief.Body("{\"code\":200}"),
            new Mischief.Body(filled + "null}"),
            new Mischief.Body(filled + "{}}"),
            new Mischief.Body(filled + "{\"quote\":7}}"),
            new Mischief.Body(filled + "{\"quote\":\"r::\"}}"),
            new Mischief.Body(filled + "{},\"results\":{}}"),
            new Mischief.Body("{\"code\":200,\"status\":\"\\ud800\",\"results\":{}} x"),
            Mischief.nested(100_000),
            new Mischief.Huge(Round.LONGEST_ANSWER / 8));
    for (int i = 0; i < kinds.size(); i++) {
      HostileAgent agent = scene.agent("malformed-" + i);
      agent.misbehave(kinds.get(i));
      scene.enrolled(agent, Scene.v(Scene.newV()));
      JsonObject status =
          await()
              .atMost(Scene.PATIENCE)
              .until(
                  () -> scene.status(agent),
                  s -> Set.of(7L, 9L).contains(s.integer("operational_state")));
      assertThat(status.integer("attestation_count")).isZero();
      assertThat(scene.explanation(agent).string("health"))
          .as(kinds.get(i).toString())
          .isEqualTo("untrusted");
      assertThat(agent.agent().keys().deliveriesOfV()).isZero();
    }
  }

  /** Row 62, 63. */
  @Test
  void anyOtherStatusFailsAtOnceAndNoConnectionAfterItsRetries() throws Exception {
    HostileAgent busy = scene.agent("busy");
    busy.misbehave(new Mischief.Status(503, "busy"));
    scene.enrolled(busy, Map.of());
    assertThat(scene.awaitState(busy, OperationalState.FAILED).string("last_event_id"))
        .isEqualTo("internal.verifier.no_quote");
    HostileAgent down = scene.agent("down");
    down.hangUp();
    scene.enrolled(down, Map.of());
    assertThat(scene.awaitState(down, OperationalState.FAILED).string("last_event_id"))
        .isEqualTo("internal.verifier.not_reachable");
    assertThat(scene.explanation(down).string("health")).isEqualTo("unknown");
  }

  @Test
  void aNodeThatWasDownComesBackByItself() throws Exception {
    try (Scene patient =
        Scene.start(home.resolve("patient"), "verifier.unreachable_interval", "0.2")) {
      HostileAgent node = patient.agent("comes-back");
      patient.enrolled(node, Map.of());
      patient.awaitAttested(node, 2);
      node.hangUp();
      patient.awaitState(node, OperationalState.FAILED);
      assertThat(patient.explanation(node).string("health")).isEqualTo("unknown");
      node.listenAgain();
      patient.awaitState(node, OperationalState.GET_QUOTE);
      assertThat(patient.explanation(node).string("health")).isEqualTo("trusted");
    }
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    HostileAgent target = scene.agent("target");
    HostileAgent agent = scene.agent("redirecting");
    agent.misbehave(
        new Mischief.Redirect(URI.create("https://127.0.0.1:" + target.port() + "/stolen")));
    scene.enrolled(agent, Map.of());
    scene.awaitState(agent, OperationalState.FAILED);
    assertThat(target.requests()).isZero();
  }

  /** One certificate is pinned by its bytes: another one of the same name is nobody. */
  @Test
  void anotherCertificateThanTheEnrolledOneIsNotTalkedTo() throws Exception {
    HostileAgent agent = scene.agent("impostor");
    agent.presentOtherCertificate();
    scene.enrolled(agent, Map.of());
    scene.awaitState(agent, OperationalState.FAILED);
    assertThat(agent.requests()).isZero();
    agent.presentOwnCertificate();
    assertThat(scene.call("PUT", Scene.path(agent) + "/reactivate", null).statusCode())
        .isEqualTo(200);
    scene.awaitAttested(agent, 1);
  }

  @Test
  void slowSilentAndEndlessNodesDelayNoOther() throws Exception {
    scene.close();
    scene = Scene.start(home, "verifier.request_timeout", "1.5");
    HostileAgent good = scene.agent("quick");
    List<Mischief> kinds =
        List.of(
            new Mischief.Silent(),
            new Mischief.Endless(),
            new Mischief.Drip(Duration.ofMillis(50)),
            new Mischief.Silent());
    for (int i = 0; i < kinds.size(); i++) {
      HostileAgent agent = scene.agent("bad-" + i);
      agent.misbehave(kinds.get(i));
      scene.enrolled(agent, Map.of());
    }
    scene.enrolled(good, Map.of());
    scene.awaitAttested(good, 10);
    for (int i = 0; i < kinds.size(); i++) {
      long state =
          Json.object(scene.call("GET", "/v2.6/agents/bad-" + i, null).body())
              .object("results")
              .integer("attestation_count");
      assertThat(state).isZero();
    }
  }

  /** Rows 64, 65. */
  @Test
  void anOlderApiIsNegotiatedBeforeTheFirstAttestationOnly() throws Exception {
    HostileAgent agent = scene.agent("old");
    agent.agent().serve(List.of(new ApiVersion(2, 3)));
    scene.enrolled(agent, Map.of());
    scene.awaitAttested(agent, 2);
    assertThat(scene.explanation(agent).string("api_version")).isEqualTo("2.3");
    agent.agent().serve(List.of(new ApiVersion(2, 1)));
    assertThat(scene.awaitState(agent, OperationalState.FAILED).string("last_event_id"))
        .isEqualTo("internal.verifier.version_not_supported");
  }

  @Test
  void anAgentThatIsRestartedIsTakenUpAgain() throws Exception {
    scene.close();
    scene = Scene.start(home, "verifier.max_retries", "100");
    HostileAgent agent = scene.agent("restarting");
    scene.enrolled(agent, Map.of());
    scene.awaitAttested(agent, 2);
    agent.hangUp();
    Thread.sleep(300);
    agent.listenAgain();
    long before = scene.status(agent).integer("attestation_count");
    scene.awaitAttested(agent, before + 2);
  }

  /** Attack 26, 54: PCRs, counters and log start anew; the node is judged from the start. */
  @Test
  void aRebootIsNoticedAndTheWholeListIsJudged() throws Exception {
    HostileAgent agent = scene.agent("rebooting");
    agent.agent().ima().bootAggregate().file("/bin/good", "good").file("/bin/good", "good");
    scene.enrolled(agent, Scene.runtimePolicy(TestKeys.POLICY));
    scene.awaitAttested(agent, 2);
    agent.agent().tpm().reboot();
    await()
        .atMost(Scene.PATIENCE)
        .until(
            () ->
                scene.status(agent).integer("operational_state") == 9
                    || scene.explanation(agent).list("timeline").toString().contains("rebooted"));
  }

  /** Row 19 of verifier-api.md §9. */
  @Test
  void aFileThatThePolicyDoesNotListIsDetected() throws Exception {
    HostileAgent agent = scene.agent("tampered");
    agent.agent().ima().bootAggregate().file("/bin/good", "good");
    scene.enrolled(agent, Scene.runtimePolicy(TestKeys.POLICY));
    scene.awaitAttested(agent, 3);
    agent.agent().ima().file("/bin/evil", "evil");
    JsonObject status = scene.awaitState(agent, OperationalState.INVALID_QUOTE);
    assertThat(status.string("last_event_id")).isEqualTo("ima.validation.ima-ng.not_in_allowlist");
    assertThat(scene.explanation(agent).list("failures").toString()).contains("/bin/evil");
    JsonObject failing =
        Scene.results(scene.call("GET", "/limestone/v1/nodes/tampered/failing", null));
    assertThat(failing.object("runtime_policy").string("name")).isEqualTo("tampered");
    assertThat(failing.object("runtime_policy").string("digest")).hasSize(64);
    JsonObject context = ((JsonObject) failing.list("failures").getFirst()).object("context");
    assertThat(context.string("rule")).isEqualTo("digests");
    assertThat(context.integer("entry")).isEqualTo(2);
    assertThat(context.string("path")).isEqualTo("/bin/evil");
    assertThat(context.string("digest"))
        .isEqualTo(HashAlg.SHA256.digest(Bytes.of("evil".getBytes(UTF_8))).hex());
  }

  @Test
  void aStricterPolicyIsAppliedToWhatRanBeforeToo() throws Exception {
    HostileAgent agent = scene.agent("policy");
    agent.agent().ima().bootAggregate().file("/bin/good", "good");
    assertThat(
            scene
                .call(
                    "POST",
                    "/v2.6/allowlists/p",
                    Scene.object(Scene.runtimePolicy(TestKeys.POLICY)))
                .statusCode())
        .isEqualTo(201);
    scene.enrolled(agent, Map.of("runtime_policy_name", "p", "tpm_policy", "{\"mask\":\"0x400\"}"));
    scene.awaitAttested(agent, 3);
    String stricter = TestKeys.POLICY.replace("/bin/good", "/bin/other");
    assertThat(
            scene
                .call("PUT", "/v2.6/allowlists/p", Scene.object(Scene.runtimePolicy(stricter)))
                .statusCode())
        .isEqualTo(201);
    scene.awaitState(agent, OperationalState.INVALID_QUOTE);
  }

  @Test
  void stopHoldsAndReactivateGoesOn() throws Exception {
    HostileAgent agent = scene.agent("stopped");
    scene.enrolled(agent, Map.of());
    scene.awaitAttested(agent, 1);
    assertThat(scene.call("PUT", Scene.path(agent) + "/stop", null).statusCode()).isEqualTo(200);
    assertThat(scene.status(agent).integer("operational_state")).isEqualTo(10);
    assertThat(scene.status(agent).string("attestation_status")).isEqualTo("FAIL");
    long count = scene.status(agent).integer("attestation_count");
    Thread.sleep(300);
    assertThat(scene.status(agent).integer("attestation_count")).isEqualTo(count);
    assertThat(scene.call("PUT", Scene.path(agent) + "/reactivate", null).statusCode())
        .isEqualTo(200);
    scene.awaitAttested(agent, count + 1);
  }

  /** Row 69 and 15 of verifier-api.md §9. */
  @Test
  void deletingWhileAQuoteIsUnderWayIsAcceptedAndDoneSoon() throws Exception {
    HostileAgent agent = scene.agent("deleted");
    agent.misbehave(new Mischief.Slow(Duration.ofSeconds(2)));
    scene.enrolled(agent, Map.of());
    await().atMost(Scene.PATIENCE).until(() -> agent.requests() > 0);
    assertThat(scene.call("DELETE", Scene.path(agent), null).statusCode()).isEqualTo(202);
    assertThat(scene.status(agent).integer("operational_state")).isEqualTo(8);
    await()
        .atMost(Scene.PATIENCE)
        .until(() -> scene.call("GET", Scene.path(agent), null).statusCode() == 404);
    agent.behave();
    scene.enrolled(agent, Map.of());
    scene.awaitAttested(agent, 1);
  }

  @Test
  void afterARestartOfTheServerPollingGoesOnAndFailedNodesStayFailed() throws Exception {
    HostileAgent good = scene.agent("good");
    HostileAgent bad = scene.agent("bad");
    bad.misbehave(new Mischief.Status(404, "no"));
    good.agent().ima().bootAggregate().file("/bin/good", "good");
    scene.enrolled(good, Scene.runtimePolicy(TestKeys.POLICY));
    scene.enrolled(bad, Map.of());
    scene.awaitState(bad, OperationalState.FAILED);
    long count = scene.awaitAttested(good, 3).integer("attestation_count");
    scene.restart();
    assertThat(scene.status(bad).integer("operational_state")).isEqualTo(7);
    scene.awaitAttested(good, count + 2);
  }

  /** 27 of verifier-api.md §9. */
  @Test
  void anIdentityQuoteIsVerifiedForAnyone() throws Exception {
    HostileAgent agent = scene.agent("identity");
    scene.enrolled(agent, Map.of());
    String nonce = "abcdefghij0123456789";
    SignedQuote quote =
        agent
            .agent()
            .tpm()
            .quote(
                Bytes.of(nonce.getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                new io.limestone.tpm.PcrSelection(io.limestone.tpm.HashAlg.SHA256, 1 << 16));
    for (String[] one : new String[][] {{nonce, "1"}, {"otherother0123456789", "0"}}) {
      String query =
          "?agent_uuid=identity&hash_alg=sha256&nonce="
              + one[0]
              + "&quote="
              + java.net.URLEncoder.encode(
                  io.limestone.keylime.QuoteText.of(quote),
                  java.nio.charset.StandardCharsets.UTF_8);
      var answer =
          RunningServer.send(
              scene.server().anonymous(),
              "GET",
              scene.server().tls("verifier", "/v2.6/verify/identity" + query),
              null);
      assertThat(Scene.results(answer).integer("valid")).isEqualTo(Long.parseLong(one[1]));
    }
  }

  private static QuoteReply with(QuoteReply reply, SignedQuote quote) {
    return new QuoteReply(
        quote,
        reply.hashAlg(),
        reply.encAlg(),
        reply.signAlg(),
        reply.publicKeyPem(),
        reply.ima(),
        reply.bootLog(),
        reply.bootTime());
  }
}
