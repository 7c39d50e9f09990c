package io.limestone.systemtest.parts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A running program: its output goes to a file, and it ends with the test. */
public final class Program implements AutoCloseable {
  private final String name;
  private final Path output;
  private final Process process;

  private Program(String name, Path output, Process process) {
    this.name = name;
    this.output = output;
    this.process = process;
  }

  /** What a program said and how it ended. */
  public record Ended(int exit, String output, Duration took) {
    /** This, after a look at the exit code. */
    public Ended succeeded() {
      if (exit != 0) {
        throw new AssertionError("exit " + exit + ":\n" + tail(output));
      }
      return this;
    }
  }

  /**
   * Starts a program.
   *
   * @param folder its working folder; NAME.log with its output grows there, over several starts
   */
  public static Program start(
      String name, Path folder, Map<String, String> environment, List<String> command) {
    try {
      Path output = Files.createDirectories(folder).resolve(name + ".log");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
      builder.environment().putAll(environment);
      return new Program(name, output, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /** Runs a program to its end. */
  public static Ended run(
      String name,
      Path folder,
      Map<String, String> environment,
      List<String> command,
      Duration patience) {
    long began = System.nanoTime();
    Path output = folder.resolve(name + ".log");
    try (Program program = start(name, folder, environment, command)) {
      if (!program.process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(
            name + " did not end in " + patience + ":\n" + tail(program.output()));
      }
      Ended ended =
          new Ended(
              program.process.exitValue(),
              program.output(),
              Duration.ofNanos(System.nanoTime() - began));
      Files.delete(output);
      return ended;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(name, e);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /** Everything it has said so far, over all its starts in this folder. */
  public String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fails, with what it said, when it has ended. */
  public void requireAlive() {
    if (!process.isAlive()) {
      throw new AssertionError(
          name + " ended, exit " + process.exitValue() + ":\n" + tail(output()));
    }
  }

  public long pid() {
    return process.pid();
  }

  /** SIGTERM; how it ended. */
  public Ended terminate() {
    long began = System.nanoTime();
    process.destroy();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new AssertionError(name + " ignores SIGTERM:\n" + output());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(name, e);
    }
    return new Ended(process.exitValue(), output(), Duration.ofNanos(System.nanoTime() - began));
  }

  /** SIGKILL: no chance to tidy up. */
  public void kill() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** SIGSTOP: it holds its sockets but answers nothing any more. */
  public void freeze() {
    signal("STOP");
  }

  /** SIGCONT. */
  public void thaw() {
    signal("CONT");
  }

  private static String tail(String text) {
    List<String> lines = text.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
  }

  private void signal(String signal) {
    try {
      int code = new ProcessBuilder("kill", "-" + signal, Long.toString(pid())).start().waitFor();
      if (code != 0) {
        throw new IllegalStateException("kill -" + signal + " " + name + ": exit " + code);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it and everything it started. */
  @Override
  public void close() {
    List<ProcessHandle> all =
        Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    if (process.isAlive()) {
      all.forEach(ProcessHandle::destroy);
      try {
        var unused = process.waitFor(5, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    all.forEach(ProcessHandle::destroyForcibly);
  }
}
