package io.limestone.systemtest.parts;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How the tests start Limestone's own programs: from the class path under test, without the
 * launcher's build.
 */
public final class LimestoneProgram {
  private static final List<String> JVM =
      List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-cp",
          System.getProperty("java.class.path"));

  /** Benchmarks measure what users start: the launcher, with its flags and start-up caches. */
  private static final String LAUNCHER = System.getProperty("limestone.launcher", "");

  private LimestoneProgram() {}

  /** The {@code limestone} command with arguments. */
  public static List<String> limestone(String... arguments) {
    return LAUNCHER.isEmpty()
        ? java("io.limestone.cli.Limestone", arguments)
        : started(List.of(LAUNCHER), arguments);
  }

  /** The agent as the launcher starts it. */
  public static List<String> agent(String... arguments) {
    return LAUNCHER.isEmpty()
        ? java("io.limestone.agent.Main", arguments)
        : started(List.of(LAUNCHER, "agent"), arguments);
  }

  private static List<String> java(String mainClass, String... arguments) {
    List<String> program = new ArrayList<>(JVM);
    program.add(mainClass);
    return started(program, arguments);
  }

  private static List<String> started(List<String> program, String... arguments) {
    List<String> command = new ArrayList<>(program);
    command.addAll(List.of(arguments));
    return command;
  }
}
