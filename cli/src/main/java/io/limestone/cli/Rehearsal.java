package io.limestone.cli;

import io.limestone.cli.args.Output;
import io.limestone.server.Server;
import io.limestone.server.settings.SettingSource;
import io.limestone.server.settings.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the programs do at start, done once after the build so that the JVM can store the classes
 * loaded and linked on the way (JEP 514, see {@code bin/lib/dist.sh}): a server starts in a folder
 * that is removed again, and commands talk to it.
 */
final class Rehearsal {
  private Rehearsal() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    Output output = new Output(out, out);
    Limestone.run(output, List.of("version"));
    Limestone.run(output, List.of("node", "add", "--help"));
    Path home = Files.createTempDirectory("limestone-rehearsal");
    try {
      talk(home, output);
    } finally {
      try (Stream<Path> files = Files.walk(home)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    System.exit(0);
  }

  private static void talk(Path home, Output output) throws IOException, InterruptedException {
    Settings settings =
        Settings.of(
            List.of(
                SettingSource.assignments(
                    List.of(
                        "registrar.port=0",
                        "registrar.tls_port=0",
                        "verifier.port=0",
                        "management.port=0"))));
    try (Server server = Server.start(home, settings)) {
      output.line(server.readyLine());
      List<String> where =
          List.of(
              "--home",
              home.toString(),
              "--verifier",
              "127.0.0.1:" + server.ports().get("verifier"),
              "--registrar",
              "127.0.0.1:" + server.ports().get("registrar-tls"));
      for (List<String> command :
          List.of(
              List.of("node", "list"),
              List.of("node", "list", "--registered"),
              List.of("node", "show", "nobody"),
              List.of("node", "add", "nobody", "--no-ek-check"),
              List.of("policy", "list"))) {
        Limestone.run(output, Stream.concat(command.stream(), where.stream()).toList());
      }
    }
  }
}
