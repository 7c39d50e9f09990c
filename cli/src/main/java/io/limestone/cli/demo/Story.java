package io.limestone.cli.demo;

import io.limestone.cli.args.Command;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.CommandLine;
import io.limestone.cli.args.Output;
import io.limestone.cli.boot.AnnounceUpdate;
import io.limestone.cli.boot.CreateMeasuredBoot;
import io.limestone.cli.node.NodeCommands;
import io.limestone.cli.rest.Registrar;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.NodeId;
import io.limestone.testkit.Machine;
import io.limestone.testkit.OtherBoot;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The story that the demo tells; each step waits for what really happened. */
final class Story {
  static final NodeId NODE = new NodeId("d432fbb3-d2f1-4a97-9ef7-75bd81c00001");
  private static final String KERNEL = "5.14.0-503.11.1.el9_5.x86_64";
  private static final String NEXT_KERNEL = "5.14.0-570.12.1.el9_6.x86_64";
  private static final String INTERVAL = "0.5";
  private static final int ATTESTATIONS = 3;
  private static final List<String> SERVICES =
      List.of(
          "/usr/lib/systemd/systemd",
          "/usr/bin/bash",
          "/usr/sbin/sshd",
          "/usr/bin/limestone-agent",
          "/usr/sbin/nginx");

  private final Stage stage;
  private final Timeline timeline;

  Story(Stage stage, Timeline timeline) {
    this.stage = stage;
    this.timeline = timeline;
  }

  void tell() throws IOException, InterruptedException {
    Bytes good = bootLog();
    Machine machine = Machine.booted(stage.folder("machine"), good, SERVICES);
    stage.enter(machine);
    timeline.now(
        "machine_ready",
        "a machine boots: firmware, shim, grub and kernel are measured into its (software) TPM");
    Child server = stage.startServer(INTERVAL);
    timeline.now(
        "server_ready", "server ready: registrar, verifier, its own PKI, no file prepared");
    try (NoticeReceiver receiver = stage.listen()) {
      Child agent = stage.startAgent();
      Registrar registrar = stage.registrar();
      stage.await("the agent's registration", agent, () -> registrar.node(NODE));
      timeline.now("agent_registered", "agent registered: its AK is in the TPM that has the EK");
      Verifier verifier = stage.verifier();
      enrol(machine, verifier, agent);
      attested(verifier, server);
      tamper(machine, verifier, receiver, server);
      update(good, OtherBoot.withKernel(good, KERNEL, NEXT_KERNEL), verifier);
      bootOtherwise(
          OtherBoot.withArgument(OtherBoot.withKernel(good, KERNEL, NEXT_KERNEL), "init=/bin/sh"),
          verifier);
    }
  }

  /** What Red Hat's firmware, shim, grub and kernel logged on a real machine with Secure Boot. */
  private static Bytes bootLog() throws IOException {
    try (InputStream in = Story.class.getResourceAsStream("keylime-secureboot.bin")) {
      return Bytes.of(Objects.requireNonNull(in).readAllBytes());
    }
  }

  private void enrol(Machine machine, Verifier verifier, Child agent)
      throws IOException, InterruptedException {
    Path bootPolicy = stage.folder("policies").resolve("boot.json");
    run(
        CreateMeasuredBoot.command(),
        List.of(
            "--eventlog-file", machine.bootLog().toString(), "--output", bootPolicy.toString()));
    timeline.now(
        "boot_policy", "limestone policy create measured-boot: what it booted is what it may boot");
    Path payload = stage.folder("payload");
    Path unlocked = stage.folder("machine").resolve("unlocked");
    Files.writeString(payload.resolve("disk.key"), "the key that only a good machine gets\n");
    Files.writeString(
        payload.resolve("autorun.sh"),
        "#!/bin/sh\ncp disk.key '%1$s.new' && mv '%1$s.new' '%1$s'\n".formatted(unlocked));
    List<String> words = new ArrayList<>(List.of(NODE.value()));
    words.addAll(stage.connection());
    words.addAll(List.of("--payload-dir", payload.toString()));
    words.addAll(List.of("--runtime-policy", machine.policyOfWhatRan().toString()));
    words.addAll(List.of("--mb-policy", bootPolicy.toString(), "--mb-policy-name", "servers"));
    timeline.now(
        "enrolling",
        "limestone node add " + NODE + " --payload-dir … --runtime-policy … --mb-policy …");
    StringWriter said = new StringWriter();
    Output output = new Output(new PrintWriter(said), new PrintWriter(said));
    if (NodeCommands.add(words, output, this::tellStep) != 0) {
      throw CommandFailed.because("node add failed:\n" + said);
    }
    Instant released = changed(verifier, "v_released", Instant.EPOCH, "the release of V");
    timeline.at(
        changed(verifier, "trusted", Instant.EPOCH, "the first verdict"),
        "trusted",
        "first attestation: trusted");
    timeline.at(released, "v_released", "the verifier released V, its half of the payload's key");
    stage.await(
        "the payload",
        agent,
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
      throw new UncheckedIOException(e);
    }
  }

  private void attested(Verifier verifier, Child server) throws IOException, InterruptedException {
    stage.await(
        ATTESTATIONS + " attestations",
        server,
        () ->
            verifier
                .status(NODE)
                .filter(status -> status.integer("attestation_count") >= ATTESTATIONS));
    timeline.now("attested", "attested " + ATTESTATIONS + " times, every " + INTERVAL + " s");
  }

  private void tamper(Machine machine, Verifier verifier, NoticeReceiver receiver, Child server)
      throws IOException, InterruptedException {
    String program = "/tmp/unknown-program";
    Instant executed = Instant.now();
    machine.executes(program);
    timeline.alarm(executed, "executed", "an unknown program is executed: " + program);
    Instant detected = changed(verifier, "untrusted", executed, "the detection");
    String failure =
        verifier.status(NODE).flatMap(status -> status.optionalString("last_event_id")).orElse("");
    timeline.alarm(detected, "detected", "detected: " + failure);
    NoticeReceiver.Received notice =
        stage.await("the notice", server, () -> receiver.about(NODE.value()));
    timeline.alarm(
        notice.at(),
        "notified",
        "notified: the webhook received \""
            + notice.message().optionalString("type").orElse("")
            + "\" about "
            + NODE);
  }

  /** A kernel update is announced, and the machine reboots into it: nobody is alarmed. */
  private void update(Bytes old, Bytes fresh, Verifier verifier)
      throws IOException, InterruptedException {
    Path before = Files.write(stage.folder("policies").resolve("old.bin"), old.toArray());
    Path after = Files.write(stage.folder("policies").resolve("new.bin"), fresh.toArray());
    List<String> words = new ArrayList<>(List.of("servers"));
    words.addAll(stage.connection());
    words.addAll(List.of("--old", before.toString(), "--new", after.toString()));
    words.addAll(List.of("--until", "14d", "--upload", "--why", "the next kernel"));
    run(AnnounceUpdate.command(), words);
    timeline.now(
        "announced", "limestone policy announce servers: a kernel update; old or new, for 14 days");
    Instant updated = stage.reboot(fresh);
    timeline.at(updated, "updated", "the machine was rebooted, into the new kernel");
    verifier.reactivate(NODE).expectSuccess("resuming " + NODE);
    timeline.at(
        changed(verifier, "trusted", updated, "the verdict on the update"),
        "update_trusted",
        "trusted again: the unknown program is gone, and the new kernel expected");
  }

  /** The machine reboots with another command line, and is attested anew. */
  private void bootOtherwise(Bytes log, Verifier verifier)
      throws IOException, InterruptedException {
    Instant rebooted = stage.reboot(log);
    timeline.alarm(rebooted, "rebooted", "the machine was rebooted, its kernel told init=/bin/sh");
    Instant refused = changed(verifier, "untrusted", rebooted, "the verdict on the boot");
    JsonObject failure = firstFailure(verifier);
    timeline.alarm(refused, "boot_refused", "untrusted: " + failure.string("check"));
    timeline.alarm(refused, "boot_reason", "found: …" + last(failure.string("found"), 70));
  }

  private static String last(String text, int most) {
    return text.substring(Math.max(0, text.length() - most));
  }

  private static JsonObject firstFailure(Verifier verifier)
      throws IOException, InterruptedException {
    return verifier
        .explanation(NODE)
        .flatMap(told -> told.list("failures").stream().findFirst())
        .map(JsonObject.class::cast)
        .orElseThrow(() -> CommandFailed.because("the verifier does not say what failed"));
  }

  /** A command of limestone's, which has to succeed. */
  private static void run(Command.Leaf command, List<String> words) throws InterruptedException {
    StringWriter said = new StringWriter();
    Output output = new Output(new PrintWriter(said), new PrintWriter(said));
    if (CommandLine.run(command, output, words) != 0) {
      throw CommandFailed.because(command.name() + " failed:\n" + said);
    }
  }

  /** When the server noted a change of the node after a time, as soon as it has. */
  private Instant changed(Verifier verifier, String event, Instant after, String what)
      throws IOException, InterruptedException {
    return stage.await(
        what,
        stage.children().getFirst(),
        () -> {
          Optional<JsonObject> told = verifier.explanation(NODE);
          for (Object item : told.isPresent() ? told.get().list("timeline") : List.of()) {
            if (item instanceof JsonObject change && change.string("event").equals(event)) {
              Instant at = Instant.ofEpochMilli(change.integer("at_ms"));
              if (!at.isBefore(after)) {
                return Optional.of(at);
              }
            }
          }
          return Optional.empty();
        });
  }
}
