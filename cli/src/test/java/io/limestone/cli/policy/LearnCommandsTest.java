package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.cli.Site;
import io.limestone.testkit.HostileAgent;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code policy learn} as an operator uses and misuses it, against a real server and agents. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LearnCommandsTest {
  private static final String QUOTES_IMA = "{\"mask\": \"0x400\"}";

  @TempDir static Path home;
  private Site site;

  @BeforeAll
  void start() throws IOException {
    site = new Site(home);
  }

  @AfterAll
  void end() {
    site.close();
  }

  @Test
  void whatAGroupRunsIsLearntDraftedFinishedAndDiscarded() throws Exception {
    HostileAgent one = site.enrolled("--group", "blue", "--tpm-policy", QUOTES_IMA);
    site.enrolled("--group", "blue", "--tpm-policy", QUOTES_IMA);
    HostileAgent other = site.enrolled("--group", "red", "--tpm-policy", QUOTES_IMA);
    other.agent().ima().file("/usr/bin/red", "red");
    one.agent().ima().file("/usr/bin/odd", "odd");

    CommandRun begun =
        learn("start", "autumn", "--group", "blue", "--for", "7d", "--why", "w", "--json").exits(0);
    JsonObject started = begun.json();
    assertThat(started.integer("nodes")).isEqualTo(2);
    assertThat(started.list("unable")).isEmpty();
    assertThat(started.integer("until_ms") - System.currentTimeMillis())
        .isBetween(6 * 86_400_000L, 7 * 86_400_000L);
    assertThat(begun.err()).as("not between the JSON").contains("compromised machine");
    learn("start", "autumn", "--group", "blue", "--for", "7d", "--why", "again")
        .exits(1)
        .says("there is a learning autumn already");

    Site.patiently(() -> names("autumn").contains("/usr/bin/odd"));
    Site.patiently(() -> status("autumn").list("nodes").size() == 2);
    assertThat(names("autumn")).contains("/usr/bin/good").doesNotContain("/usr/bin/red");
    learn("status", "autumn", "--rare")
        .exits(0)
        .says("autumn, learning", "group blue", "/usr/bin/odd", "on one node  1 of these")
        .lacks("/usr/bin/red", "INCOMPLETE", "/usr/bin/good");
    learn("status").exits(0).says("autumn", "learning");
    site.run("doctor").says("learning autumn runs until ", "decides nothing");

    Path base = site.policy("base.json", Map.of("/usr/bin/kept", "kept"));
    site.run("policy", "add", "base", base.toString()).exits(0);
    Path draft = home.resolve("draft.json");
    learn("draft", "autumn", "--onto", "base", "-o", draft.toString())
        .exits(0)
        .says("/usr/bin/odd", "1 seen on one node only", "carry no signature");
    assertThat(digests(draft).keySet())
        .contains("/usr/bin/good", "/usr/bin/odd", "/usr/bin/kept")
        .doesNotContain("/usr/bin/red");
    assertThat(digests(draft).get("/usr/bin/odd")).isEqualTo(List.of(Site.digest("odd")));
    assertThat(learn("status").out()).as("a draft ends nothing").contains("learning");

    CommandRun finished = learn("finish", "autumn", "--why", "a quiet week").exits(0);
    assertThat(Json.object(finished.out()).object("digests").members())
        .containsKey("/usr/bin/odd")
        .doesNotContainKey("/usr/bin/kept");
    assertThat(finished.err()).contains("finished");
    learn("finish", "autumn", "--why", "once more").exits(0).says("it had ended already");
    assertThat(status("autumn").bool("recording")).isFalse();
    site.run("doctor").lacks("learning autumn");

    learn("discard", "autumn", "--why", "rolled out").exits(0).says("discarded");
    learn("discard", "autumn", "--why", "w").exits(1).says("there is no learning autumn");
    learn("status", "autumn").exits(1).says("there is no learning autumn");
    learn("draft", "autumn").exits(1).says("there is no learning autumn");
    site.run("audit", "autumn").exits(0).says("why: a quiet week", "why: rolled out", "group blue");
  }

  @Test
  void whatCannotBeLearntIsSaidBeforeAnythingIsStored() throws Exception {
    String id = Site.id(site.enrolled("--group", "green"));
    refused().exits(2).says("of which nodes? --node ID, --users-of POLICY or --group GROUP");
    refused("--group", "purple").exits(1).says("there are no such nodes", "purple");
    refused("--group", "a b").exits(1).says("a group's name has 1 to 80 of");
    refused("--node", id, "--group", "purple").exits(1).says("there are no such nodes");
    refused("--users-of", "nothing").exits(1).says("there are no such nodes");
    refused("--node", "nobody").exits(1).says("not enrolled: nobody");
    for (String time : List.of("7", "7w", "-1d", "1.5h", "")) {
      learn("start", "x", "--node", id, "--for", time, "--why", "w").exits(2).says("--for");
    }
    learn("start", "x", "--node", id, "--for", "91d", "--why", "w").exits(1).says("90 days");
    learn("start", "x", "--node", id, "--why", "w").exits(2).says("--for");
    learn("start", "x", "--node", id, "--for", "1h").exits(2).says("--why TEXT is missing");
    learn("start", "no/name", "--node", id, "--for", "1h", "--why", "w").exits(2);
    learn("finish", "x", "--why", "w").exits(1).says("there is no learning x");
    learn("finish", "x", "--onto", "nothing", "--why", "w").exits(1).says("no runtime policy");
    assertThat(learn("status").out()).doesNotContain(" x ");
  }

  /** Whose PCR 10 is not quoted can teach nothing, and that is said at once, not after a week. */
  @Test
  void aNodeThatCannotTeachIsNamedAtTheStart() throws Exception {
    String id = Site.id(site.enrolled());
    CommandRun begun = learn("start", "mute", "--node", id, "--for", "1h", "--why", "w").exits(0);
    assertThat(begun.out()).contains("learning mute of 1 nodes until 20");
    assertThat(begun.err()).contains("nothing can be learnt of " + id, "0x400");
    Site.patiently(() -> learn("status", "mute").out().contains("PCR 10 is not quoted"));
    learn("finish", "mute", "--why", "w").exits(1).says("nothing was learnt", "learn status mute");
  }

  private CommandRun refused(String... which) {
    return learn(
        Stream.concat(Stream.of("start", "x", "--for", "1h", "--why", "w"), Stream.of(which))
            .toArray(String[]::new));
  }

  private CommandRun learn(String... words) {
    return site.run(
        Stream.concat(Stream.of("policy", "learn"), Stream.of(words)).toArray(String[]::new));
  }

  private JsonObject status(String name) {
    return learn("status", name, "--json").exits(0).json();
  }

  private List<String> names(String name) {
    return learn("status", name, "--things", "--json").exits(0).json().list("things").stream()
        .map(thing -> ((JsonObject) thing).string("name"))
        .toList();
  }

  private static Map<String, ?> digests(Path policy) throws IOException {
    return Json.object(Files.readAllBytes(policy)).object("digests").members();
  }
}
