package io.limestone.cli.demo;

import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Address;
import io.limestone.cli.rest.Registrar;
import io.limestone.cli.rest.Rest;
import io.limestone.cli.rest.Tls;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.NodeId;
import io.limestone.testkit.LoopbackPorts;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The story that the demo tells; each step waits for what really happened. */
final class Story {
  static final NodeId NODE = new NodeId("d432fbb3-d2f1-4a97-9ef7-75bd81c00001");
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String INTERVAL = "0.5";
  private static final int ATTESTATIONS = 5;

  private final Path folder;
  private final Timeline timeline;
  private final Enrol enrol;
  private final Path home;
  private final int webhookPort = LoopbackPorts.free();
  private final int registrarPort = LoopbackPorts.free();
  private final int registrarTlsPort = LoopbackPorts.free();
  private final int verifierPort = LoopbackPorts.free();
  private final List<Child> children = new ArrayList<>();
  private @Nullable Machine machine;

  /** {@code limestone node add} with these words; its exit code. */
  @FunctionalInterface
  interface Enrol {
    int run(List<String> words, Output output, Step step) throws IOException, InterruptedException;
  }

  /** A step of the enrolment. */
  @FunctionalInterface
  interface Step {
    void done(String event, String text);
  }

  Story(Path folder, Timeline timeline, Enrol enrol) {
    this.folder = folder;
    this.timeline = timeline;
    this.enrol = enrol;
    this.home = folder.resolve("server");
  }

  /** Everything that was started, and how to look at it. */
  List<Child> children() {
    return List.copyOf(children);
  }

  List<String> connection() {
    return List.of(
        "--home",
        home.toString(),
        "--verifier",
        "127.0.0.1:" + verifierPort,
        "--registrar",
        "127.0.0.1:" + registrarTlsPort);
  }

  void tell() throws IOException, InterruptedException {
    Machine booted = Machine.booted(Files.createDirectories(folder.resolve("machine")));
    machine = booted;
    timeline.now("machine_ready", "a machine boots: software TPM with an EK certificate");
    Child server = startServer(booted);
    try (NoticeReceiver receiver = NoticeReceiver.listen(webhookPort, home.resolve("pki"))) {
      Child agent = startAgent(booted);
      Registrar registrar = Registrar.connect(rest("registrar", registrarTlsPort));
      await("the agent's registration", agent, () -> registrar.node(NODE));
      timeline.now("agent_registered", "agent registered: its AK is in the TPM that has the EK");
      Verifier verifier = Verifier.connect(rest("verifier", verifierPort));
      enrolNode(booted, verifier);
      await(
          ATTESTATIONS + " attestations",
          server,
          () ->
              verifier
                  .status(NODE)
                  .filter(status -> status.integer("attestation_count") >= ATTESTATIONS));
      timeline.now("attested", "attested " + ATTESTATIONS + " times, every " + INTERVAL + " s");
      tamper(booted, verifier, receiver, server);
    }
  }

  private Child startServer(Machine booted) throws IOException, InterruptedException {
    Path roots = Files.createDirectories(home.resolve("ek-roots"));
    for (Path certificate : booted.tpm().caCertificates()) {
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
                "verifier.quote_interval=" + INTERVAL,
                "--set",
                "verifier.enabled_revocation_notifications=agent, webhook",
                "--set",
                "verifier.webhook_url=https://127.0.0.1:" + webhookPort + "/"));
    await(
        "the server",
        server,
        () -> server.log().contains("ready:") ? Optional.of(server) : Optional.empty());
    timeline.now(
        "server_ready", "server ready: registrar, verifier, its own PKI, no file prepared");
    return server;
  }

  private Child startAgent(Machine booted) throws IOException {
    Path agentHome = Files.createDirectories(folder.resolve("agent"));
    int port = LoopbackPorts.free();
    Path bootLog = Files.write(agentHome.resolve("boot-log"), new byte[0]);
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
                    NODE,
                    port,
                    port,
                    registrarPort,
                    home.resolve("pki/cacert.crt"),
                    agentHome,
                    booted.imaList(),
                    bootLog));
    return child(
        "agent",
        Map.of("TCTI", booted.tpm().tcti(), "KEYLIME_DIR", agentHome.toString()),
        Programs.agent("--config", config.toString()));
  }

  private void enrolNode(Machine booted, Verifier verifier)
      throws IOException, InterruptedException {
    Path payload = Files.createDirectories(folder.resolve("payload"));
    Path unlocked = folder.resolve("unlocked");
    Files.writeString(payload.resolve("disk.key"), "the key that only a good machine gets\n");
    Files.writeString(
        payload.resolve("autorun.sh"),
        "#!/bin/sh\ncp disk.key '%1$s.new' && mv '%1$s.new' '%1$s'\n".formatted(unlocked));
    List<String> words = new ArrayList<>(List.of(NODE.value()));
    words.addAll(connection());
    words.addAll(
        List.of(
            "--payload-dir", payload.toString(), "--runtime-policy", booted.policy().toString()));
    timeline.now("enrolling", "limestone node add " + NODE + " --payload-dir … --runtime-policy …");
    StringWriter said = new StringWriter();
    Output output = new Output(new PrintWriter(said), new PrintWriter(said));
    int code = enrol.run(words, output, this::tellStep);
    if (code != 0) {
      throw CommandFailed.because("node add failed:\n" + said);
    }
    Instant released = changed(verifier, "v_released", "the release of V");
    timeline.at(
        changed(verifier, "trusted", "the first verdict"), "trusted", "first attestation: trusted");
    timeline.at(released, "v_released", "the verifier released V, its half of the payload's key");
    await(
        "the payload",
        children.getLast(),
        () -> Files.exists(unlocked) ? Optional.of(unlocked) : Optional.empty());
    timeline.at(
        Files.getLastModifiedTime(unlocked).toInstant(),
        "payload_run",
        "the agent unlocked the payload and ran its autorun.sh");
  }

  /** Verdict and release are told by the server's own times, which are exact. */
  private void tellStep(String event, String text) {
    if (event.equals("trusted") || event.equals("registered") || event.equals("u_delivered")) {
      return;
    }
    try {
      timeline.now(event, text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void tamper(Machine booted, Verifier verifier, NoticeReceiver receiver, Child server)
      throws IOException, InterruptedException {
    String program = "/tmp/unknown-program";
    booted.executes(program);
    timeline.alarm(Instant.now(), "executed", "an unknown program is executed: " + program);
    Instant detected = changed(verifier, "untrusted", "the detection");
    String failure =
        verifier.status(NODE).flatMap(status -> status.optionalString("last_event_id")).orElse("");
    timeline.alarm(detected, "detected", "detected: " + failure);
    NoticeReceiver.Received notice =
        await("the notice", server, () -> receiver.about(NODE.value()));
    timeline.alarm(
        notice.at(),
        "notified",
        "notified: the webhook received \""
            + notice.message().optionalString("type").orElse("")
            + "\" about "
            + NODE);
  }

  /** When the server noted a change of the node, as soon as it has. */
  private Instant changed(Verifier verifier, String event, String what)
      throws IOException, InterruptedException {
    return await(
        what,
        children.getFirst(),
        () -> {
          Optional<JsonObject> told = verifier.explanation(NODE);
          for (Object item : told.isPresent() ? told.get().list("timeline") : List.of()) {
            if (item instanceof JsonObject change && change.string("event").equals(event)) {
              return Optional.of(Instant.ofEpochMilli(change.integer("at_ms")));
            }
          }
          return Optional.empty();
        });
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

  /** Asks again and again, every 10 ms, until something is there. */
  private <T> T await(String what, Child who, Question<T> question)
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
  private interface Question<T> {
    Optional<T> ask() throws IOException, InterruptedException;
  }

  /** Ends everything; the exit codes of programs that did not end in order. */
  List<String> end() throws IOException, InterruptedException {
    List<String> disorderly = new ArrayList<>();
    for (Child child : children.reversed()) {
      int code = child.end();
      if (code != 0) {
        disorderly.add(child.name() + " ended with exit code " + code);
      }
    }
    if (machine != null) {
      machine.tpm().close();
    }
    return disorderly;
  }
}
