package io.limestone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.limestone.cli.args.Command;
import io.limestone.cli.args.Option;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What bash itself completes by the script that {@code limestone completion} prints. */
class CompletionTest {
  private static final Path BASH = Path.of("/bin/bash");

  @TempDir Path folder;

  @Test
  void bashCompletesEveryCommandAndEveryOption() throws Exception {
    Map<String, List<String>> expected = new LinkedHashMap<>();
    expect(expected, "limestone", Limestone.commands());
    assertThat(expected).containsKeys("limestone policy ", "limestone policy diff --");
    assertThat(completed(List.copyOf(expected.keySet()))).isEqualTo(expected);
  }

  /** Where no dash stands, a file is wanted: that is left to bash. */
  @Test
  void operandsAndValuesAreLeftToBash() throws Exception {
    List<String> lines = List.of("limestone policy lint ", "limestone policy diff --key ");
    assertThat(completed(lines).values()).allMatch(List::isEmpty);
    assertThat(completed(List.of("limestone pol", "limestone policy expl")).values())
        .containsExactly(List.of("policy"), List.of("explain"));
  }

  private static void expect(Map<String, List<String>> expected, String path, Command.Group group) {
    expected.put(path + " ", group.commands().stream().map(Command::name).toList());
    for (Command command : group.commands()) {
      String at = path + " " + command.name();
      switch (command) {
        case Command.Group inner -> expect(expected, at, inner);
        case Command.Leaf leaf ->
            expected.put(
                at + " --",
                Stream.concat(leaf.options().stream().map(Option::name), Stream.of("--help"))
                    .toList());
      }
    }
  }

  /** By the line as it is typed: a last blank begins a new word. */
  private Map<String, List<String>> completed(List<String> lines)
      throws IOException, InterruptedException {
    assumeThat(Files.isExecutable(BASH)).as("bash is installed").isTrue();
    StringBuilder script = new StringBuilder(CommandRun.of("completion").exits(0).out());
    for (String line : lines) {
      List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
      script.append("COMP_WORDS=('").append(String.join("' '", words)).append("')\n");
      script.append("COMP_CWORD=").append(words.size() - 1).append("\n");
      script.append("COMPREPLY=(); _limestone; echo \"${COMPREPLY[*]}\"\n");
    }
    Path file = Files.writeString(folder.resolve("script"), script, StandardCharsets.UTF_8);
    Process bash =
        new ProcessBuilder(BASH.toString(), "--norc", file.toString())
            .redirectErrorStream(true)
            .start();
    List<String> out;
    try (var reader = bash.inputReader(StandardCharsets.UTF_8)) {
      out = reader.lines().toList();
    }
    assertThat(bash.waitFor()).as("%s", out).isZero();
    assertThat(out).hasSameSizeAs(lines);
    Map<String, List<String>> completed = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      completed.put(
          lines.get(i), out.get(i).isEmpty() ? List.of() : List.of(out.get(i).split(" ", -1)));
    }
    return completed;
  }
}
