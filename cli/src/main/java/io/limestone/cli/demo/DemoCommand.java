package io.limestone.cli.demo;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import java.io.Console;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code limestone demo}. */
public final class DemoCommand {
  private static final Option KEEP =
      Option.flag(
          "--keep", "Leave everything running, and say how to look at it and how to end it");
  private static final Option JSON_FILE =
      Option.value(
          "--json", "FILE", "Write the timeline as JSON lines too: {\"event\":…,\"ms\":…}");
  private static final Option PLAIN = Option.flag("--plain", "No colours");

  private DemoCommand() {}

  public static Command.Leaf command() {
    return Command.Leaf.of(
            "demo", "Shows the whole story on this machine, with a software TPM.", DemoCommand::run)
        .options(KEEP, JSON_FILE, PLAIN)
        .text(
            """
            Starts a server and an agent on a software TPM (swtpm) in a temporary folder, on free ports of loopback:
            the EK certificate is verified, the AK proven, the node enrolled, attested, given its key; then an unknown
            program is executed, detected, and notified. The machine reboots: once into a kernel update that was
            announced, once with another command line for its kernel. What it boots is the event log of a real
            machine. Nothing is left behind, unless --keep.

            bin/demo does the same, and installs what is missing first.

            Example:
              limestone demo --keep --json timeline.jsonl
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("limestone-demo-");
    output.line("Limestone demo: a machine proves itself, gets its key, and is watched.");
    output.line("");
    boolean kept = false;
    try (Writer json =
        arguments.has(JSON_FILE)
            ? Files.newBufferedWriter(arguments.path(JSON_FILE).orElseThrow())
            : Writer.nullWriter()) {
      Timeline timeline =
          new Timeline(output, !arguments.has(PLAIN) && isTerminal(), Optional.of(json));
      Stage stage = new Stage(folder, Story.NODE);
      Thread interrupted = new Thread(() -> endQuietly(stage), "end of the demo");
      Runtime.getRuntime().addShutdownHook(interrupted);
      boolean done = false;
      List<String> disorderly = List.of();
      try {
        new Story(stage, timeline).tell();
        done = true;
      } finally {
        if (!(done && arguments.has(KEEP))) {
          disorderly = stage.end();
        }
        Runtime.getRuntime().removeShutdownHook(interrupted);
      }
      if (!disorderly.isEmpty()) {
        throw CommandFailed.because(String.join("; ", disorderly));
      }
      summary(timeline, output);
      if (arguments.has(KEEP)) {
        kept = true;
        keep(stage, folder, output);
      }
      return 0;
    } catch (CommandFailed | IOException e) {
      kept = true;
      output.note("");
      output.note("The logs are in " + folder + ".");
      throw e;
    } finally {
      if (!kept) {
        delete(folder);
      }
    }
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  private static void summary(Timeline timeline, Output output) {
    output.line("");
    output.line(
        "  enrol, to payload unlocked    %5d ms"
            .formatted(timeline.between("enrolling", "payload_run")));
    output.line(
        "  unknown program, to verdict   %5d ms"
            .formatted(timeline.between("executed", "detected")));
    output.line(
        "  verdict, to notice            %5d ms"
            .formatted(timeline.between("detected", "notified")));
    output.line(
        "  reboot, to verdict            %5d ms"
            .formatted(timeline.between("rebooted", "boot_refused")));
  }

  private static void keep(Stage stage, Path folder, Output output) {
    String options = String.join(" ", stage.connection());
    output.line("");
    output.line("Everything goes on in " + folder + ". Look at it:");
    output.line("  limestone node list " + options);
    output.line("  limestone node show " + Story.NODE + " " + options);
    output.line("End it:");
    output.line(
        "  kill "
            + Stream.concat(
                    stage.children().stream().map(Child::pid),
                    ProcessHandle.current().children().map(ProcessHandle::pid))
                .distinct()
                .map(String::valueOf)
                .reduce((a, b) -> a + " " + b)
                .orElse("")
            + " && rm -r "
            + folder);
  }

  private static void endQuietly(Stage stage) {
    try {
      var unused = stage.end();
    } catch (IOException | InterruptedException e) {
      System.err.println("limestone demo: " + e);
    }
  }

  /**
   * The agent's memory-backed folder stays mounted after its end; here nobody needs it any more.
   */
  private static void unmount(Path folder) throws IOException, InterruptedException {
    if (Files.isDirectory(folder)) {
      var unused =
          new ProcessBuilder("umount", folder.toString())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor();
    }
  }

  private static void delete(Path folder) throws IOException, InterruptedException {
    unmount(folder.resolve("agent/secure"));
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
