package io.limestone.systemtest.parts;

import io.limestone.testkit.LoopbackPorts;
import io.limestone.testkit.Machine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * An agent on a {@link Machine}: ours, or, when the environment variable {@code
 * LIMESTONE_TEST_AGENT} names a program that reads Keylime's {@code agent.conf}, that one. So the
 * same stories can be run by hand with Keylime's Rust agent.
 */
public final class Agent implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration SOON = Duration.ofSeconds(5);
  private static final String OTHER_AGENT =
      System.getenv().getOrDefault("LIMESTONE_TEST_AGENT", "");

  private final String id;
  private final Machine machine;
  private final Path home;
  private final int port = LoopbackPorts.free();
  private @Nullable Program program;

  /**
   * An agent that is not started yet.
   *
   * @param home its {@code keylime_dir}
   * @param caFolder whose {@code cacert.crt} it takes client certificates from
   * @param options more lines of agent.conf
   */
  public Agent(
      String id, Machine machine, Path home, int registrarPort, Path caFolder, String... options)
      throws IOException {
    this.id = id;
    this.machine = machine;
    this.home = Files.createDirectories(home);
    Files.writeString(
        home.resolve("agent.conf"),
        """
        [agent]
        version = "2.4"
        api_versions = "default"
        uuid = "%s"
        ip = "127.0.0.1"
        port = %d
        contact_ip = "127.0.0.1"
        contact_port = %d
        registrar_ip = "127.0.0.1"
        registrar_port = %d
        enable_agent_mtls = true
        trusted_client_ca = "%s"
        keylime_dir = "%s"
        run_as = ""
        enable_revocation_notifications = false
        revocation_actions_dir = "%s"
        ima_ml_path = "%s"
        measuredboot_ml_path = "%s"
        exponential_backoff_initial_delay = 200
        exponential_backoff_max_delay = 2000
        exponential_backoff_max_retries = 30
        %s
        """
            .formatted(
                id,
                port,
                port,
                registrarPort,
                caFolder.resolve("cacert.crt"),
                home,
                home,
                machine.imaList(),
                machine.bootLog(),
                String.join("\n", options)));
  }

  /** Starts it, without waiting for anything. */
  public void launch() {
    machine.tpm().flush();
    Path configuration = home.resolve("agent.conf");
    program =
        Program.start(
            "agent",
            home,
            Map.of(
                "TCTI", machine.tpm().tcti(),
                "KEYLIME_AGENT_CONFIG", configuration.toString(),
                "KEYLIME_DIR", home.toString(),
                "RUST_LOG", "info"),
            OTHER_AGENT.isEmpty()
                ? LimestoneProgram.agent("--config", configuration.toString())
                : List.of(OTHER_AGENT));
  }

  /** Starts it and waits until the registrar shows it as active and it listens itself. */
  public void start(Rest registrar) {
    launch();
    awaitRegistered(registrar);
  }

  /** Waits until the registrar shows it as active and it listens itself. */
  public void awaitRegistered(Rest registrar) {
    Program started = program();
    Awaitility.await("registration of " + id)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .failFast("it ended", started::requireAlive)
        .until(() -> registrar.get("/v2.6/agents/" + id).status() == 200 && listens());
  }

  private boolean listens() {
    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return probe.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  /** SIGTERM, which must end it soon, with exit code 0. Of another agent only the end is needed. */
  public void terminate() {
    if (!OTHER_AGENT.isEmpty()) {
      program().kill();
      return;
    }
    Program.Ended ended = program().terminate().succeeded();
    if (ended.took().compareTo(SOON) > 0) {
      throw new AssertionError("ended only after " + ended.took());
    }
  }

  public String id() {
    return id;
  }

  public int port() {
    return port;
  }

  /** A file of the unpacked payload, or what a payload's script left there. */
  public Path payloadFile(String name) {
    return home.resolve("secure/unzipped").resolve(name);
  }

  public Program program() {
    if (program == null) {
      throw new IllegalStateException("not started");
    }
    return program;
  }

  @Override
  public void close() {
    if (program != null) {
      program.close();
    }
    Workplace.unmountBelow(home.toAbsolutePath());
  }
}
