package io.limestone.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL of the machine's own packages, in a folder of its own, for one test class: as a
 * static field with {@code @RegisterExtension}, or started and stopped by hand. Where there is
 * none, the tests of the class are left out.
 */
public final class Postgres implements BeforeAllCallback, AfterAllCallback {
  private static final String MAIN = "postgres";

  private Path folder = Path.of("");
  private Path bin = Path.of("");
  private int port;
  private int databases;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException, InterruptedException {
    Optional<Path> installed = installed();
    Assumptions.assumeTrue(installed.isPresent(), "Debian's postgresql is missing");
    start(installed.get());
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException, InterruptedException {
    if (port != 0) {
      stop();
    }
  }

  /** Where Debian's package puts the programs, if it is installed. */
  private static Optional<Path> installed() {
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
  private void start(Path programs) throws IOException, InterruptedException {
    bin = programs;
    folder = Files.createTempDirectory("limestone-pg");
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    if (isRoot()) {
      run(List.of("chown", "nobody", folder.toString()));
    }
    as(bin.resolve("initdb").toString(), "-A", "trust", "-U", "limestone", "-D", folder + "/db");
    as(
        bin.resolve("pg_ctl").toString(),
        "-D",
        folder + "/db",
        "-w",
        "-l",
        folder + "/log",
        "-o",
        "-h 127.0.0.1 -p " + port + " -k " + folder + " -c fsync=off",
        "start");
  }

  /** Its first database. */
  public String url() {
    return url(MAIN);
  }

  private String url(String database) {
    return "postgresql://limestone@127.0.0.1:" + port + "/" + database;
  }

  /** An empty database of its own. */
  public String newDatabase() throws SQLException {
    databases++;
    String name = "fresh_" + databases;
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setServerNames(new String[] {"127.0.0.1"});
    source.setPortNumbers(new int[] {port});
    source.setDatabaseName(MAIN);
    source.setUser("limestone");
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      var unused = statement.execute("create database " + name);
    }
    return url(name);
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

  private void stop() throws IOException, InterruptedException {
    as(bin.resolve("pg_ctl").toString(), "-D", folder + "/db", "-m", "immediate", "stop");
    run(List.of("rm", "-rf", folder.toString()));
  }
}
