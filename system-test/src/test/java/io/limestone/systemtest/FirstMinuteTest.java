package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.Checkout;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Story;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What a newcomer does: a clone, an empty home folder, {@code bin/demo}. */
@Story
class FirstMinuteTest {
  private Path clone;
  private Path home;

  @BeforeAll
  void cloneThisCheckout() throws IOException {
    Path folder = Workplace.empty(getClass());
    clone = Files.createDirectories(folder.resolve("clone"));
    home = Files.createDirectories(folder.resolve("home"));
    // What git would clone once this is committed: tracked files and new ones, not what is ignored.
    String files =
        Program.run(
                "git",
                folder,
                Map.of(),
                List.of(
                    "git",
                    "-C",
                    Checkout.ROOT.toString(),
                    "-c",
                    "core.quotePath=false",
                    "ls-files",
                    "--cached",
                    "--others",
                    "--exclude-standard"),
                Duration.ofMinutes(2))
            .succeeded()
            .output();
    for (String file : files.lines().toList()) {
      Path source = Checkout.ROOT.resolve(file);
      if (Files.exists(source)) {
        Path target = clone.resolve(file);
        Files.createDirectories(target.getParent());
        Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  @Test
  @Order(1)
  void theDemoTellsTheWholeStoryAndEndsWell() throws IOException {
    Path timeline = home.resolve("timeline.jsonl");
    Program.Ended ended =
        inClone(Duration.ofMinutes(20), "bin/demo", "--plain", "--json", timeline.toString())
            .succeeded();
    assertThat(ended.output()).doesNotContain("\u001b");
    List<JsonObject> events =
        Files.readAllLines(timeline).stream().map(line -> Json.object(line)).toList();
    assertThat(events).hasSizeGreaterThanOrEqualTo(9);
    assertThat(events.stream().mapToLong(event -> event.integer("ms")).toArray()).isSorted();
    assertThat(events).allSatisfy(event -> assertThat(event.string("event")).isNotEmpty());
  }

  @Test
  @Order(2)
  void theLauncherStartsWithoutBuildingAgain() {
    Program.Ended ended = inClone(Duration.ofMinutes(5), "bin/limestone", "--version").succeeded();
    assertThat(ended.output()).startsWith("limestone ").doesNotContain("building");
  }

  private Program.Ended inClone(Duration patience, String... command) {
    return Program.run("clone", clone, Map.of("HOME", home.toString()), List.of(command), patience);
  }
}
