package io.limestone.bench.system;

import io.limestone.systemtest.parts.Agent;
import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.KeylimeServers;
import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.Node;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.PayloadZip;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Servers;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/**
 * One machine with a software TPM and an agent, under one pair of servers: Limestone's or the real
 * Keylime's. The agent is the same under both.
 */
abstract sealed class Site implements AutoCloseable permits Site.Limestone, Site.Keylime {
  static final String ID = "d432fbb3-d2f1-4a97-9ef7-00000000be7c";

  /** What must be made before the servers are: the webhook's port goes into their settings. */
  private record Ground(Path folder, Machine machine, NoticeReceiver webhook) {
    static Ground fresh(Class<?> benchmark) throws IOException {
      Path folder = Workplace.empty(benchmark);
      return new Ground(folder, Machine.booted(folder.resolve("machine")), new NoticeReceiver());
    }
  }

  private final Ground ground;
  private final Servers servers;
  private final Agent agent;
  private final Rest verifier;
  private final Rest registrar;

  private Site(Ground ground, Servers servers) throws IOException {
    this.ground = ground;
    this.servers = servers;
    this.verifier = servers.verifier();
    this.registrar = servers.registrar();
    this.agent =
        new Agent(
            ID,
            ground.machine,
            ground.folder.resolve("agent"),
            servers.registrarPort(),
            servers.caFolder());
    PayloadZip.write(ground.folder.resolve("payload.zip"));
  }

  /** Limestone's servers. */
  static Site limestone(Class<?> benchmark, String quoteInterval) throws IOException {
    Ground ground = Ground.fresh(benchmark);
    LimestoneServer server =
        new LimestoneServer(
            ground.folder.resolve("home"),
            List.of(
                "verifier.quote_interval=" + quoteInterval,
                "registrar.tpm_cert_store=" + ground.machine.ekRoots()));
    server.start();
    return new Limestone(ground, server);
  }

  /** The real Keylime's, installed first if it is not there. */
  static Site keylime(Class<?> benchmark, String quoteInterval) throws IOException {
    Ground ground = Ground.fresh(benchmark);
    return new Keylime(
        ground,
        KeylimeServers.start(
            KeylimePackage.installed(),
            ground.folder.resolve("home"),
            ground.webhook,
            quoteInterval,
            "accept-all"));
  }

  /** {@code limestone} or {@code keylime}. */
  abstract String name();

  /** Enrols the node with a payload and the policy of what has run so far. */
  abstract void enrol() throws IOException;

  abstract void remove();

  /** The status of the node on the command line, as a whole process. */
  abstract void show();

  /** Its server processes. */
  abstract LongStream serverPids();

  Machine machine() {
    return ground.machine;
  }

  Path folder() {
    return ground.folder;
  }

  Servers servers() {
    return servers;
  }

  Agent agent() {
    return agent;
  }

  Rest registrar() {
    return registrar;
  }

  Node node() {
    return new Node(verifier, ID);
  }

  Path payloadMark() {
    return agent.payloadFile(PayloadZip.MARK);
  }

  /** Starts the agent and waits until it is registered. */
  Site withAgent() {
    agent.start(registrar);
    return this;
  }

  /** CPU seconds that the servers have used so far. */
  double serverCpu() {
    return serverPids()
        .mapToObj(ProcessHandle::of)
        .flatMap(java.util.Optional::stream)
        .mapToDouble(Site::cpuSeconds)
        .sum();
  }

  private static double cpuSeconds(ProcessHandle process) {
    return process.info().totalCpuDuration().map(cpu -> cpu.toNanos() / 1e9).orElse(0.0);
  }

  @Override
  public void close() throws IOException {
    agent.close();
    verifier.close();
    registrar.close();
    servers.close();
    ground.webhook.close();
    ground.machine.close();
  }

  /** Under Limestone's server, with Limestone's command line. */
  static final class Limestone extends Site {
    private final LimestoneServer server;

    private Limestone(Ground ground, LimestoneServer server) throws IOException {
      super(ground, server);
      this.server = server;
    }

    @Override
    String name() {
      return "limestone";
    }

    @Override
    void enrol() throws IOException {
      command(
          "node",
          "add",
          ID,
          "--file",
          folder().resolve("payload.zip").toString(),
          "--runtime-policy",
          machine().policyOfWhatRan().toString(),
          "--ek-roots",
          machine().ekRoots().toString());
    }

    @Override
    void remove() {
      command("node", "remove", ID);
    }

    @Override
    void show() {
      command("node", "show", ID);
    }

    @Override
    LongStream serverPids() {
      return LongStream.of(server.program().pid());
    }

    private void command(String... words) {
      var unused = server.limestone(folder(), words).succeeded();
    }
  }

  /** Under the real Keylime, with its tenant. */
  static final class Keylime extends Site {
    private Keylime(Ground ground, Servers servers) throws IOException {
      super(ground, servers);
    }

    @Override
    String name() {
      return "keylime";
    }

    @Override
    void enrol() throws IOException {
      command(
          "add",
          "-t",
          "127.0.0.1",
          "-v",
          "127.0.0.1",
          "-f",
          folder().resolve("payload.zip").toString(),
          "--runtime-policy",
          machine().policyOfWhatRan().toString());
    }

    @Override
    void remove() {
      command("delete");
    }

    @Override
    void show() {
      command("status");
    }

    @Override
    LongStream serverPids() {
      // They fork: every process below this one that is one of its servers.
      return ProcessHandle.current()
          .descendants()
          .filter(p -> p.info().commandLine().map(Keylime::isServer).orElse(false))
          .mapToLong(ProcessHandle::pid);
    }

    private static boolean isServer(String commandLine) {
      return commandLine.contains("keylime_verifier") || commandLine.contains("keylime_registrar");
    }

    private void command(String name, String... words) {
      try {
        var all = new java.util.ArrayList<>(List.of("-u", ID));
        all.addAll(List.of(words));
        Program.Ended ended =
            servers().tenant(machine().ekRoots()).command(name, all.toArray(String[]::new));
        var unused = ended.succeeded();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  /** Removes a file that a round left, so that the next one can wait for it. */
  static void forget(Path file) throws IOException {
    Files.deleteIfExists(file);
  }
}
