package io.limestone.agent;

import java.nio.file.Path;
import java.util.Optional;

/** {@code limestone agent [--config FILE]}. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL%1$tz %4$s %5$s%6$s%n");
    System.exit(run(arguments));
  }

  private static int run(String[] arguments) {
    Optional<Path> file = Optional.empty();
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      if (argument.equals("--config") && i + 1 < arguments.length) {
        file = Optional.of(Path.of(arguments[++i]));
      } else if (argument.startsWith("--config=")) {
        file = Optional.of(Path.of(argument.substring("--config=".length())));
      } else {
        System.err.println("usage: limestone agent [--config FILE]");
        return 2;
      }
    }
    try {
      return Agent.run(AgentConfig.load(file, System.getenv()));
    } catch (ConfigException e) {
      System.err.println("limestone agent: " + e.getMessage());
      return 2;
    }
  }
}
