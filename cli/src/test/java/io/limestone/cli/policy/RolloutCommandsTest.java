package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.cli.Site;
import io.limestone.testkit.HostileAgent;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a policy that is rolled out: nothing that is tried looks enforced. */
class RolloutCommandsTest {
  private static final String GOOD = "/usr/bin/good";

  @TempDir Path home;
  private Site site;

  @BeforeEach
  void start() throws IOException {
    site = new Site(home);
    site.run("policy", "add", "web", site.policy("old.json", Map.of(GOOD, "good")).toString())
        .exits(0);
  }

  @AfterEach
  void end() {
    site.close();
  }

  @Test
  void aNodeThatAPolicyUnderAuditWouldRefuseIsNamedEverywhereAndStaysTrusted() throws Exception {
    String id = Site.id(site.enrolled("--runtime-policy-name", "web"));
    doctor().says("evidence of ", " of 1 nodes is kept").lacks("under audit");
    audit("new.json", Map.of("/usr/bin/other", "other"));
    Site.patiently(() -> list("--would-fail").out().contains(id));

    list()
        .exits(0)
        .says(id, "trusted", "would fail runtime policy web version 2: " + GOOD + " (1 check, for");
    JsonObject listed = list("--json").exits(0).json().object(id).object("candidate");
    assertThat(listed.bool("passes")).isFalse();
    assertThat(listed.integer("failures")).isEqualTo(1);
    assertThat(listed.object("first").object("context").string("path")).isEqualTo(GOOD);
    assertThat(listed.list("policies").toString()).contains("name=web", "version=2");

    site.run("node", "show", id, "--require-trusted")
        .exits(0)
        .says("runtime policy web version 1", "web version 2: WOULD FAIL, 1 check, since 20")
        .says("nothing is done about it", "/usr/bin/good");
    site.run("policy", "history", "web").exits(0).says("under audit since 20", "refuse 1", id);

    doctor()
        .exits(1)
        .says(
            "runtime policy web: version 2 is under audit for",
            "NOT enforced on 1",
            "not acted on 1 nodes would fail by it: " + id,
            "policy rollback web");
    JsonObject doctor = site.run("doctor", "--json").exits(1).json();
    assertThat(doctor.list("rollouts").toString()).contains("would_fail=1", "long=false");
    assertThat(doctor.object("evidence").integer("nodes")).isEqualTo(1);

    site.run("policy", "rollback", "web", "--why", "not yet").exits(0).says("is withdrawn");
    Site.patiently(() -> !list().out().contains("would fail"));
    list("--would-fail").exits(0).says("No such nodes.");
    doctor().lacks("under audit");
  }

  /** What a canary is refused by is the candidate, and the patch is one of the candidate. */
  @Test
  void aCanaryIsExplainedByTheVersionThatJudgedItAndComesBackAfterTheRollback() throws Exception {
    HostileAgent agent = site.enrolled("--runtime-policy-name", "web", "--group", "staging");
    String id = Site.id(agent);
    audit("new.json", Map.of("/usr/bin/other", "other"));
    site.run("policy", "canary", "web", "--group", "staging", "--why", "staging first")
        .exits(0)
        .says("on the nodes of group staging");
    Site.patiently(() -> list("--state", "untrusted").out().contains(id));

    site.run("node", "show", id)
        .says(
            "runtime policy web version 2 (as a canary)",
            "judged by runtime policy web version 2, as a canary");
    site.run("policy", "history", "web")
        .exits(0)
        .says("canary, group staging", "it decides for 1 of them, and refuses 1", "refused: " + id);
    doctor().exits(1).says("decides for 1 nodes", "NOT enforced on 0", "refused      1 nodes");
    String patch = home.resolve("patch.json").toString();
    site.run("policy", "explain", id, "-o", patch)
        .exits(1)
        .says(
            "runtime policy web version 2: as the verifier stores it",
            "judged by the verifier, by runtime policy web version 2, as a canary");
    site.run("policy", "apply", "name:web@2", patch).exits(0).says(GOOD);

    site.run("policy", "rollback", "web", "--why", "staging fails")
        .exits(0)
        .says("not asked again until you say so", "limestone node resume " + id);
    site.run("policy", "explain", id)
        .says("runtime policy web version 1", "by runtime policy web v");
    site.run("node", "resume", id, "nobody").exits(1).says("nobody is not enrolled");
    site.run("node", "resume", id).exits(0).says(id + " is attested again");
    Site.patiently(() -> list("--state", "trusted").out().contains(id));
    site.run("audit", "web")
        .exits(0)
        .says("why: staging first", "why: staging fails", "is withdrawn");
  }

  private void audit(String file, Map<String, String> contents) throws IOException {
    site.run("policy", "audit", "web", site.policy(file, contents).toString(), "--why", "tried")
        .exits(0)
        .says("version 2 is judged beside version 1");
  }

  private CommandRun doctor() {
    return site.run("doctor");
  }

  private CommandRun list(String... words) {
    String[] all = new String[words.length + 2];
    all[0] = "node";
    all[1] = "list";
    System.arraycopy(words, 0, all, 2, words.length);
    return site.run(all);
  }
}
