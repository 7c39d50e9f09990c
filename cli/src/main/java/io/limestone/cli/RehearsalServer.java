package io.limestone.cli;

import io.limestone.server.Server;
import io.limestone.server.settings.SettingSource;
import io.limestone.server.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A server's start, rehearsed as {@link Rehearsal} is: in a folder that is removed again, answering
 * the commands of a {@link Rehearsal} whose command line is in the arguments.
 */
final class RehearsalServer {
  private RehearsalServer() {}

  public static void main(String[] commands) throws IOException, InterruptedException {
    Path home = Files.createTempDirectory("limestone-rehearsal");
    int code;
    try {
      code = rehearse(home, commands);
    } finally {
      try (Stream<Path> files = Files.walk(home)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    System.exit(code);
  }

  private static int rehearse(Path home, String[] commands)
      throws IOException, InterruptedException {
    List<String> free =
        List.of("registrar.port=0", "registrar.tls_port=0", "verifier.port=0", "management.port=0");
    try (Server server =
        Server.start(home, Settings.of(List.of(SettingSource.assignments(free))))) {
      List<String> command = new ArrayList<>(List.of(commands));
      command.addAll(
          List.of(
              "--home",
              home.toString(),
              "--verifier",
              "127.0.0.1:" + server.ports().get("verifier"),
              "--registrar",
              "127.0.0.1:" + server.ports().get("registrar-tls")));
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    }
  }
}
