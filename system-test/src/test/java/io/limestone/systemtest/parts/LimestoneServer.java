package io.limestone.systemtest.parts;

import io.limestone.testkit.LoopbackPorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * Our registrar and verifier in a process of their own. It may be ended and started again on the
 * same home.
 */
public final class LimestoneServer implements Servers {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Path home;
  private final List<String> settings;
  private final int registrarPort = LoopbackPorts.free();
  private final int registrarTlsPort = LoopbackPorts.free();
  private final int verifierPort = LoopbackPorts.free();
  private final int managementPort = LoopbackPorts.free();
  private @Nullable Program program;

  /**
   * A server that is not started yet.
   *
   * @param settings {@code section.key=value}
   */
  public LimestoneServer(Path home, List<String> settings) {
    this.home = home;
    this.settings = new ArrayList<>(settings);
  }

  /** Starts it and waits until it answers. */
  public void start() throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "server",
                "--home",
                home.toString(),
                "--bind",
                "127.0.0.1",
                "--registrar-port",
                Integer.toString(registrarPort),
                "--registrar-tls-port",
                Integer.toString(registrarTlsPort),
                "--verifier-port",
                Integer.toString(verifierPort),
                "--management-port",
                Integer.toString(managementPort)));
    settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
    Program started =
        Program.start(
            "server",
            Files.createDirectories(home).resolveSibling(home.getFileName() + "-log"),
            Map.of(),
            LimestoneProgram.limestone(arguments.toArray(String[]::new)));
    program = started;
    try (Rest verifier = Rest.anonymous(verifierPort);
        Rest registrar = Rest.plain(registrarPort)) {
      Awaitility.await("limestone server")
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(50))
          .failFast("it ended", started::requireAlive)
          .until(() -> verifier.answers() && registrar.answers());
    }
  }

  /** Ends it in order and starts it again with these settings besides, which then win. */
  public void restart(String... more) throws IOException {
    program().close();
    settings.addAll(List.of(more));
    start();
  }

  public Program program() {
    if (program == null) {
      throw new IllegalStateException("not started");
    }
    return program;
  }

  @Override
  public Path caFolder() {
    return home.resolve("pki");
  }

  @Override
  public int registrarPort() {
    return registrarPort;
  }

  @Override
  public int verifierPort() {
    return verifierPort;
  }

  @Override
  public int registrarTlsPort() {
    return registrarTlsPort;
  }

  @Override
  public KeylimeTenant tenant(Path ekRoots) throws IOException {
    KeylimePackage keylime = KeylimePackage.installed();
    Path folder = home.resolveSibling(home.getFileName() + "-tenant");
    Map<String, String> values = new HashMap<>();
    values.put("verifier_port", Integer.toString(verifierPort));
    values.put("registrar_tls_port", Integer.toString(registrarTlsPort));
    values.put("tls_dir", caFolder().toString());
    values.put("ek_roots", ekRoots.toString());
    return new KeylimeTenant(keylime, folder, keylime.configure(folder, values));
  }

  /** The {@code limestone} command line, pointed at this server. */
  public Program.Ended limestone(Path folder, String... arguments) {
    return Program.run(
        "limestone",
        folder,
        Map.of(
            "LIMESTONE_VERIFIER", "127.0.0.1:" + verifierPort,
            "LIMESTONE_REGISTRAR", "127.0.0.1:" + registrarTlsPort,
            "LIMESTONE_PKI", caFolder().toString()),
        LimestoneProgram.limestone(arguments),
        Duration.ofMinutes(2));
  }

  @Override
  public void close() {
    if (program != null) {
      program.close();
    }
  }
}
