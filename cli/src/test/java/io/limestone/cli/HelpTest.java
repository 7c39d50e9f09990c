package io.limestone.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.limestone.cli.args.Command;
import io.limestone.cli.args.Examples;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command teaches its use by an example, and every example is one that the command takes. */
class HelpTest {
  private static final Command.Group ROOT = Limestone.commands();

  static Stream<Arguments> everyCommand() {
    return leaves("", ROOT);
  }

  private static Stream<Arguments> leaves(String path, Command.Group group) {
    return group.commands().stream()
        .flatMap(
            command ->
                switch (command) {
                  case Command.Group inner -> leaves(path + inner.name() + " ", inner);
                  case Command.Leaf leaf -> Stream.of(Arguments.of(path + leaf.name(), leaf));
                });
  }

  @ParameterizedTest
  @MethodSource("everyCommand")
  void everyCommandHasAnExampleThatItTakes(String path, Command.Leaf leaf) {
    assertThat(leaf.text()).containsPattern("(?m)^Examples?[:,]");
    List<List<String>> examples = Examples.of(leaf);
    assertThat(examples).isNotEmpty();
    assertThat(examples).as("of itself").anyMatch(words -> of(words).equals(path));
    for (List<String> words : examples) {
      assertThatCode(() -> Examples.path(ROOT, words)).as("%s", words).doesNotThrowAnyException();
    }
  }

  private static String of(List<String> words) {
    return Examples.path(ROOT, words).substring("limestone ".length());
  }

  @ParameterizedTest
  @MethodSource("everyCommand")
  void helpFitsATerminal(String path) {
    List<String> words = new ArrayList<>(List.of(path.split(" ", -1)));
    words.add("--help");
    CommandRun help = CommandRun.of(words).exits(0);
    assertThat(help.out()).startsWith("Usage: limestone " + path);
    assertThat(help.out().lines()).allMatch(line -> line.length() <= 120);
    assertThat(help.err()).isEmpty();
  }
}
