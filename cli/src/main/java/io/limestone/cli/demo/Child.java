package io.limestone.cli.demo;

import io.limestone.cli.args.CommandFailed;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program started by the demo, with its output in a log file. */
final class Child {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String name;
  private final Process process;
  private final Path log;

  private Child(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  static Child start(
      String name, Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    Path log = folder.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    return new Child(name, builder.start(), log);
  }

  long pid() {
    return process.pid();
  }

  String name() {
    return name;
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  /** Ends the demo if the program has ended by itself. */
  void expectAlive() throws IOException {
    if (!process.isAlive()) {
      throw CommandFailed.because(
          "the " + name + " ended with exit code " + process.exitValue() + ":\n" + tail());
    }
  }

  /** The last lines of its log. */
  String tail() throws IOException {
    List<String> lines = log().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
  }

  /** SIGTERM; the exit code of an orderly end is 0. */
  int end() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
    }
    return process.exitValue();
  }
}
