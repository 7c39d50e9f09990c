package io.limestone.cli.demo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How to start Limestone's programs: by the launcher that started this one, of the same build; or,
 * without a launcher, from the class path at hand.
 */
final class Programs {
  private static final Optional<String> LAUNCHER =
      Optional.ofNullable(System.getenv().get("LIMESTONE_COMMAND"));

  private Programs() {}

  static List<String> server(String... arguments) {
    return command("server", "io.limestone.cli.Limestone", List.of("server"), arguments);
  }

  static List<String> agent(String... arguments) {
    return command("agent", "io.limestone.agent.Main", List.of(), arguments);
  }

  private static List<String> command(
      String word, String mainClass, List<String> words, String... arguments) {
    List<String> command = new ArrayList<>();
    if (LAUNCHER.isPresent()) {
      command.add(LAUNCHER.get());
      command.add(word);
    } else {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("-cp");
      command.add(System.getProperty("java.class.path"));
      command.add(mainClass);
      command.addAll(words);
    }
    command.addAll(List.of(arguments));
    return command;
  }
}
