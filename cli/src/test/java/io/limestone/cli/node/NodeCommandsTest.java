package io.limestone.cli.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.cli.Site;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.QuoteReply;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.Mischief;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.TestCa;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a real server and an agent on a TPM in software. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeCommandsTest {
  @TempDir static Path home;
  private Site site;
  private TestCa ca;
  private Path payload;
  private Path policy;

  @BeforeAll
  void start() throws IOException {
    site = new Site(home);
    ca = site.maker();
    payload = Files.writeString(home.resolve("disk.key"), "open sesame");
    policy = site.policy("policy.json", Map.of("/usr/bin/good", "good"));
  }

  @AfterAll
  void end() {
    site.close();
  }

  @Test
  void aGoodNodeIsTrustedGetsItsKeyAndIsWatchedUntilItRunsSomethingUnknown() throws Exception {
    try (HostileAgent agent = registered(ca)) {
      String id = agent.agent().id().value();
      CommandRun added =
          run(
                  "add",
                  id,
                  "--file",
                  payload.toString(),
                  "--runtime-policy",
                  policy.toString(),
                  "--verify")
              .exits(0)
              .says(
                  "EK certificate verified",
                  "AK proven",
                  "U and the sealed payload delivered",
                  "enrolled",
                  "first attestation: trusted",
                  "the agent has the payload's key",
                  id + " is trusted");
      assertThat(added.err().indexOf("EK certificate verified"))
          .isLessThan(added.err().indexOf("AK proven"));
      assertThat(added.err().indexOf("AK proven"))
          .isLessThan(added.err().indexOf("U and the sealed payload delivered"));
      assertThat(agent.agent().keys().payload().orElseThrow().reveal())
          .asString(StandardCharsets.UTF_8)
          .isEqualTo("open sesame");

      run("list").exits(0).says(id, "trusted");
      policy("try", policy.toString(), "--node", id).exits(0).says("1 nodes would pass, 0 would");
      Path other = home.resolve("other.json");
      Files.writeString(other, Files.readString(policy).replace("/usr/bin/good", "/usr/bin/x"));
      policy("try", other.toString(), "--users-of", id)
          .exits(1)
          .says("0 nodes would pass, 1 would fail", "not_in_allowlist", "/usr/bin/good", id);
      assertThat(policy("try", other.toString(), "--node", id, "--json").json().list("causes"))
          .hasSize(1);
      policy("try", other.toString(), "--node", "nobody").exits(1).says("not enrolled");
      run("show", id, "--require-trusted")
          .exits(0)
          .says("trusted (Get Quote)", "payload key released");
      JsonObject shown = run("show", id, "--json").exits(0).json();
      assertThat(shown.string("standing")).isEqualTo("trusted");
      assertThat(shown.members()).containsEntry("v", null);
      run("add", id).exits(1).says("is enrolled already", "limestone node update " + id);

      agent.agent().ima().file("/tmp/evil", "evil");
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> run("show", id, "--require-trusted").code() == 1);
      run("show", id)
          .exits(0)
          .says(
              "untrusted",
              "ima.validation.ima-ng.not_in_allowlist",
              "check",
              "found",
              "/tmp/evil",
              "remedy");
      assertThat(run("show", id, "--json").json().list("failures")).isNotEmpty();
      run("list", "--state", "untrusted").says(id, "ima.validation.ima-ng.not_in_allowlist");
      aFailingNodeIsExplained(id);

      run("remove", id).exits(0).says("is removed");
      run("remove", id).exits(0).says("was not enrolled");
      run("show", id).exits(1).says("is not enrolled");
    }
  }

  private void aFailingNodeIsExplained(String id) {
    String patch = home.resolve("patch").toString();
    policy("explain", id, "-o", patch)
        .exits(1)
        .says(
            id + ", untrusted: 1 check fails",
            "runtime policy " + id + " version 1: as the verifier stores it",
            "judged by the verifier",
            "entry 2: /tmp/evil",
            "line      10 ",
            "change    add ",
            " to digests",
            "with the changes it would be accepted");
    String next = home.resolve("next.json").toString();
    policy("apply", "name:" + id, patch, "-o", next).exits(0).says("names added: 1");
    policy("try", next, "--node", id).exits(0);
    policy("explain", id, next).exits(0).says("0 checks fail", "the last evidence of the node");
    policy("diff", "name:" + id + "@1", next).exits(1).says("/tmp/", "evil");
    policy("check", "-", "name:nobody").exits(1).says("there is no runtime policy nobody");
    policy("explain", "nobody").exits(1).says("no file nobody", "no node of this id");
    JsonObject json = policy("explain", id, "--json").exits(1).json();
    assertThat(json.object("patch").string("base"))
        .isEqualTo(json.object("runtime_policy").string("digest"));
    assertThat(json.list("left")).isEmpty();
  }

  @Test
  void aTpmOfAnUnknownMakerGetsNothing() throws Exception {
    try (HostileAgent agent = registered(new TestCa("Somebody", Instant.now()))) {
      String id = agent.agent().id().value();
      run("add", id, "--file", payload.toString())
          .exits(1)
          .says("the EK certificate is not good, and nothing was handed over");
      assertThat(agent.requests()).as("nobody spoke to it").isZero();
      run("show", id).exits(1);
      run("add", id, "--no-ek-check")
          .exits(0)
          .says("warning: --no-ek-check", "EK certificate NOT verified", "is trusted");
    }
  }

  @Test
  void aTransportKeyThatTheTpmDoesNotVouchForGetsNothing() throws Exception {
    try (HostileAgent agent = registered(ca)) {
      String id = agent.agent().id().value();
      String other =
          new SimulatedAgent(new NodeId("other"), agent.agent().tpm(), KeyKind.RSA2048.generate())
              .publicKeyPem();
      agent
          .agent()
          .tamper(
              reply ->
                  new QuoteReply(
                      reply.quote(),
                      reply.hashAlg(),
                      reply.encAlg(),
                      reply.signAlg(),
                      Optional.of(other),
                      reply.ima(),
                      reply.bootLog(),
                      reply.bootTime()));
      run("add", id, "--file", payload.toString())
          .exits(1)
          .says("nothing was handed over", "PCR 16", "found", "expected");
      assertThat(agent.requests()).as("version and identity quote").isEqualTo(2);
      run("show", id).exits(1);
    }
  }

  @Test
  void anAgentWithAnotherCertificateThanRegisteredGetsNothing() throws Exception {
    try (HostileAgent agent = registered(ca)) {
      agent.presentOtherCertificate();
      run("add", agent.agent().id().value(), "--file", payload.toString())
          .exits(1)
          .says("another certificate than the one it registered");
      assertThat(agent.requests()).isZero();
    }
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    try (HostileAgent agent = registered(ca);
        HostileAgent elsewhere = registered(ca)) {
      agent.misbehave(
          new Mischief.Redirect(URI.create("https://127.0.0.1:" + elsewhere.port() + "/version")));
      run("add", agent.agent().id().value(), "--file", payload.toString())
          .exits(1)
          .says("answered 3");
      assertThat(elsewhere.requests()).isZero();
    }
  }

  @Test
  void garbageFromAnAgentIsUnusableInputAndNoStackTrace() throws Exception {
    try (HostileAgent agent = registered(ca)) {
      agent.misbehave(new Mischief.Body("\u001b[2J{"));
      CommandRun run = run("add", agent.agent().id().value());
      assertThat(run.code()).isIn(1, 2);
      assertThat(run.err()).doesNotContain("\u001b", "\tat ");
    }
  }

  @Test
  void stopAndResume() throws Exception {
    try (HostileAgent agent = registered(ca)) {
      String id = agent.agent().id().value();
      run("add", id, "--quiet").exits(0);
      run("stop", id).exits(0).says("node resume " + id);
      run("list", "--state", "stopped").says(id);
      run("resume", id).exits(0);
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> run("show", id, "--require-trusted").code() == 0);
      run("update", id, "--quiet", "--runtime-policy", policy.toString())
          .exits(0)
          .says("is trusted");
      run("stop", "nobody").exits(1).says("is not enrolled");
    }
  }

  @Test
  void policiesAreStoredShownReplacedAndRemoved() throws IOException {
    String file = policy.toString();
    policy("add", "web", file).exits(0).says("is stored");
    policy("add", "web", file).exits(1).says("`limestone policy update` replaces it");
    policy("list").exits(0).says("runtime", "web");
    policy("show", "web", "--document").exits(0).says("/usr/bin/good");
    policy("show", "name:web@1")
        .exits(0)
        .says("1 names, 1 digests", "boot_aggregate", "as the ver");
    policy("show", "web", "--kind", "boot").exits(1).says("there is no boot policy web");
    policy("update", "web", file).exits(2).says("--why TEXT is missing");
    policy("update", "web", file, "--why", "a test").exits(0);
    policy("history", "web").exits(0).says("enforced", "a test", "0 nodes use it");
    policy("audit", "web", file, "--why", "tried first").exits(0).says("version 3 is judged");
    policy("canary", "web", "5", "--why", "some").exits(0).says("on 5 %");
    policy("rollback", "web", "--why", "no").exits(0).says("version 3 is withdrawn");
    policy("enforce", "web", "--version", "3", "--why", "after all").exits(0);
    policy("rollback", "web", "--to", "1", "--why", "back").exits(0).says("to version 1");
    policy("rollback", "web", "--to", "9", "--why", "back").exits(1).says("has no version 9");
    command("audit", "web").exits(0).says("roll out runtime_policy", "after all");
    policy("update", "nothing", file, "--why", "w")
        .exits(1)
        .says("`limestone policy add` stores a new one");
    policy("remove", "web").exits(0);
    policy("remove", "web").exits(1).says("there is no runtime policy web");
    Path broken = Files.writeString(home.resolve("broken.json"), "{\"meta\":");
    policy("add", "broken", broken.toString()).exits(2).says("broken.json");
    policy("add", "missing", home.resolve("missing").toString()).exits(2).says("no such file");
  }

  @Test
  void aServerOfAnotherCaIsNotSpokenTo(@TempDir Path other) {
    CommandRun.of("pki", "init", "--home", other.toString()).exits(0);
    run("list", "--pki", other.resolve("pki").toString())
        .exits(1)
        .says("no secure connection to verifier", "Is --pki the folder of this server's CA?");
  }

  @Test
  void aServerThatIsNotThereIsSaidSo() {
    CommandRun.of("node", "list", "--home", home.toString(), "--verifier", "127.0.0.1:1")
        .exits(1)
        .says("no connection to verifier 127.0.0.1:1");
  }

  private CommandRun run(String... words) {
    return command("node", words);
  }

  private CommandRun policy(String... words) {
    return command("policy", words);
  }

  private CommandRun command(String group, String... words) {
    return site.run(Stream.concat(Stream.of(group), Stream.of(words)).toArray(String[]::new));
  }

  private HostileAgent registered(TestCa maker) throws Exception {
    return site.registered(maker);
  }
}
