package io.limestone.cli.demo;

import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.rest.Address;
import io.limestone.cli.rest.Registrar;
import io.limestone.cli.rest.Rest;
import io.limestone.cli.rest.Tls;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.NodeId;
import io.limestone.testkit.LoopbackPorts;
import io.limestone.testkit.Machine;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the story plays: a server, a machine and its agent, in a folder and on ports of loopback.
 */
final class Stage {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Path folder;
  private final NodeId node;
  private final Path home;
  private final int webhookPort = LoopbackPorts.free();
  private final int registrarPort = LoopbackPorts.free();
  private final int registrarTlsPort = LoopbackPorts.free();
  private final int verifierPort = LoopbackPorts.free();
  private final int agentPort = LoopbackPorts.free();
  private final List<Child> children = new ArrayList<>();
  private @Nullable Machine machine;

  Stage(Path folder, NodeId node) {
    this.folder = folder;
    this.node = node;
    this.home = folder.resolve("server");
  }

  /** A folder of its own in the story's. */
  Path folder(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  /** Everything that was started. */
  List<Child> children() {
    return List.copyOf(children);
  }

  /** Options of the {@code limestone} commands. */
  List<String> connection() {
    return List.of(
        "--home",
        home.toString(),
        "--verifier",
        verifierAddress(),
        "--registrar",
        "127.0.0.1:" + registrarTlsPort);
  }

  String verifierAddress() {
    return "127.0.0.1:" + verifierPort;
  }

  /** Whose TPM and logs the agent gets. */
  void enter(Machine booted) {
    machine = booted;
  }

  Child startServer(String interval) throws IOException, InterruptedException {
    Path roots = Files.createDirectories(home.resolve("ek-roots"));
    for (Path certificate : machine().tpm().caCertificates()) {
      Files.copy(certificate, roots.resolve(certificate.getFileName()));
    }
    Child server =
        child(
            "server",
            Map.of(),
            Programs.server(
                "--home",
                home.toString(),
                "--registrar-port",
                String.valueOf(registrarPort),
                "--registrar-tls-port",
                String.valueOf(registrarTlsPort),
                "--verifier-port",
                String.valueOf(verifierPort),
                "--management-port",
                "0",
                "--set",
                "verifier.quote_interval=" + interval,
                "--set",
                "verifier.retry_interval=" + interval,
                "--set",
                "verifier.exponential_backoff=false",
                "--set",
                "verifier.max_retries=60",
                "--set",
                "verifier.enabled_revocation_notifications=agent, webhook",
                "--set",
                "verifier.webhook_url=https://127.0.0.1:" + webhookPort + "/"));
    return await(
        "the server",
        server,
        () -> server.log().contains("ready:") ? Optional.of(server) : Optional.empty());
  }

  Child startAgent() throws IOException {
    Path agentHome = folder("agent");
    Path config =
        Files.writeString(
            agentHome.resolve("agent.conf"),
            """
            [agent]
            uuid = "%s"
            ip = "127.0.0.1"
            port = %d
            contact_ip = "127.0.0.1"
            contact_port = %d
            registrar_ip = "127.0.0.1"
            registrar_port = %d
            trusted_client_ca = "%s"
            keylime_dir = "%s"
            run_as = ""
            ima_ml_path = "%s"
            measuredboot_ml_path = "%s"
            """
                .formatted(
                    node,
                    agentPort,
                    agentPort,
                    registrarPort,
                    home.resolve("pki/cacert.crt"),
                    agentHome,
                    machine().imaList(),
                    machine().bootLog()));
    return child(
        "agent",
        Map.of("TCTI", machine().tpm().tcti(), "KEYLIME_DIR", agentHome.toString()),
        Programs.agent("--config", config.toString()));
  }

  /** The machine is rebooted in order, into what a log tells; when it was, before its agent ran. */
  Instant reboot(Bytes log) throws IOException, InterruptedException {
    Child agent = children.removeLast();
    int code = agent.end();
    if (code != 0) {
      throw CommandFailed.because(disorderly(agent, code) + ":\n" + agent.tail());
    }
    machine().reboots(log);
    Instant rebooted = Instant.now();
    Child next = startAgent();
    await("the agent", next, () -> listens() ? Optional.of(next) : Optional.empty());
    return rebooted;
  }

  private boolean listens() {
    try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), agentPort)) {
      return probe.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  Registrar registrar() throws IOException, InterruptedException {
    return Registrar.connect(rest("registrar", registrarTlsPort));
  }

  Verifier verifier() throws IOException, InterruptedException {
    return Verifier.connect(rest("verifier", verifierPort));
  }

  NoticeReceiver listen() throws IOException {
    return NoticeReceiver.listen(webhookPort, home.resolve("pki"));
  }

  /** Asks again and again, every 10 ms, until something is there. */
  <T> T await(String what, Child who, Question<T> question)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<T> answer = question.ask();
      if (answer.isPresent()) {
        return answer.get();
      }
      who.expectAlive();
      Thread.sleep(10);
    }
    throw CommandFailed.because(
        what
            + " did not come within "
            + PATIENCE.toSeconds()
            + " s. The end of the "
            + who.name()
            + "'s log:\n"
            + who.tail());
  }

  /** A look at something that may not be there yet. */
  @FunctionalInterface
  interface Question<T> {
    Optional<T> ask() throws IOException, InterruptedException;
  }

  /** Ends everything; the exit codes of programs that did not end in order. */
  List<String> end() throws IOException, InterruptedException {
    List<String> disorderly = new ArrayList<>();
    for (Child child : List.copyOf(children).reversed()) {
      int code = child.end();
      if (code != 0) {
        disorderly.add(disorderly(child, code));
      }
    }
    if (machine != null) {
      machine.close();
    }
    return disorderly;
  }

  private static String disorderly(Child child, int code) {
    return child.name() + " ended with exit code " + code;
  }

  private Machine machine() {
    if (machine == null) {
      throw new IllegalStateException("no machine has entered");
    }
    return machine;
  }

  private Rest rest(String name, int port) throws IOException {
    return Rest.https(
        name, new Address("127.0.0.1", port), Tls.read(home.resolve("pki")).forServers(), TIMEOUT);
  }

  private Child child(String name, Map<String, String> environment, List<String> command)
      throws IOException {
    Child child = Child.start(name, folder, environment, command);
    children.add(child);
    return child;
  }
}
