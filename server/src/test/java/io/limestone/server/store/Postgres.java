package io.limestone.server.store;

import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A PostgreSQL of the machine's own packages, in a folder of its own, for one test class. */
final class Postgres {
  private final Path folder;
  private final Path bin;
  private final int port;

  private Postgres(Path folder, Path bin, int port) {
    this.folder = folder;
    this.bin = bin;
    this.port = port;
  }

  /** Where Debian's package puts the programs, if it is installed. */
  static Optional<Path> installed() {
    try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
      return versions
          .map(version -> version.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Starts one; PostgreSQL refuses to run as root, so root lends the folder to nobody. */
  static Postgres start(Path bin) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("limestone-pg");
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Postgres postgres = new Postgres(folder, bin, port);
    if (isRoot()) {
      run(List.of("chown", "nobody", folder.toString()));
    }
    postgres.as(
        bin.resolve("initdb").toString(), "-A", "trust", "-U", "limestone", "-D", folder + "/db");
    postgres.as(
        bin.resolve("pg_ctl").toString(),
        "-D",
        folder + "/db",
        "-w",
        "-l",
        folder + "/log",
        "-o",
        "-h 127.0.0.1 -p " + port + " -k " + folder + " -c fsync=off",
        "start");
    return postgres;
  }

  Settings settings() {
    return Settings.defaults()
        .with(
            Map.of(
                ServerSettings.DATABASE_URL.name(),
                "postgresql://limestone@127.0.0.1:" + port + "/postgres"));
  }

  private void as(String... command) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    if (isRoot()) {
      all.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
    }
    all.addAll(List.of(command));
    run(all);
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("limestone-pg", ".out");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(command + ": " + Files.readString(output));
    }
    Files.delete(output);
  }

  void stop() throws IOException, InterruptedException {
    as(bin.resolve("pg_ctl").toString(), "-D", folder + "/db", "-m", "immediate", "stop");
    run(List.of("rm", "-rf", folder.toString()));
  }
}
