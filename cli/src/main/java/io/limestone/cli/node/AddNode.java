package io.limestone.cli.node;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Address;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.AgentStatus;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Nonce;
import io.limestone.keylime.RegisteredAgent;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code limestone node add} and {@code node update}. */
public final class AddNode {
  static final Option AGENT =
      Option.value("--agent", "HOST:PORT", "Where the agent listens (default: as it registered)");
  static final Option VERIFY =
      Option.flag("--verify", "Wait for the agent's proof that it has the payload's key");
  static final Option WAIT =
      Option.value(
          "--wait",
          "SECONDS",
          "How long to wait for the first verdict (default: 60; 0: not at all)");
  static final Option QUIET = Option.flag("--quiet", "No progress on the error stream");

  static List<Option> options() {
    List<Option> options = new ArrayList<>();
    options.addAll(Load.OPTIONS);
    options.addAll(Judging.OPTIONS);
    options.addAll(EkCheck.OPTIONS);
    options.addAll(List.of(AGENT, VERIFY, WAIT, QUIET));
    return options;
  }

  private AddNode() {}

  static int add(Arguments arguments, Output output) throws IOException, InterruptedException {
    return run(arguments, output, false);
  }

  static int update(Arguments arguments, Output output) throws IOException, InterruptedException {
    return run(arguments, output, true);
  }

  private static int run(Arguments arguments, Output output, boolean replace)
      throws IOException, InterruptedException {
    Progress progress = arguments.has(QUIET) ? (event, text) -> {} : Progress.to(output);
    return run(arguments, output, progress, replace);
  }

  /** As the command does it, telling its steps to {@code progress}. */
  public static int run(Arguments arguments, Output output, Progress progress, boolean replace)
      throws IOException, InterruptedException {
    NodeId id = NodeId.parse(arguments.operand(0));
    Judging judging = Judging.of(arguments);
    Load load = Load.of(arguments);
    int wait = arguments.number(WAIT, 0, 86_400).orElse(60);
    if (arguments.has(VERIFY) && load.payload().isEmpty()) {
      throw CommandFailed.unusable("--verify needs a payload: --file or --payload-dir");
    }
    if (!judging.judgesSoftware()) {
      output.note(
          "note: no policy says what it may run, so only the machine's identity is attested"
              + " (--runtime-policy, --mb-policy, --tpm-policy with values)");
    }
    Connection connection = Connection.of(arguments, output);
    EkCheck ekCheck = EkCheck.of(arguments, output);
    RegisteredAgent node =
        connection
            .registrar()
            .node(id)
            .orElseThrow(
                () ->
                    CommandFailed.because(
                        id
                            + " is not registered, or has not proven its AK yet. Does its agent run,"
                            + " and with this registrar? (limestone node list --registered)"));
    progress.step("registered", "found at the registrar " + connection.registrarAddress());
    SecureRandom random = new SecureRandom();
    Enrolling enrolling = Enrolling.of(node, ekCheck, progress, random);
    Enrolling.Proven proven =
        enrolling.prove(address(arguments, node), connection.tls(), connection.timeout());
    Verifier verifier = connection.verifier();
    if (replace) {
      if (ChangeNode.remove(verifier, id, connection.timeout())) {
        progress.step("removed", "the former enrolment is removed");
      }
    } else if (verifier.status(id).isPresent()) {
      throw CommandFailed.because(
          id + " is enrolled already; `limestone node update " + id + "` replaces its enrolment");
    }
    Optional<Enrolling.Handed> handed =
        load.payload().isPresent()
            ? Optional.of(proven.hand(load.payload().get()))
            : Optional.empty();
    try {
      proven.enrol(verifier, judging, load, handed);
      Optional<AgentStatus> verdict = awaitVerdict(verifier, id, wait, progress);
      if (arguments.has(VERIFY)) {
        awaitProof(proven, handed.orElseThrow().key(), verifier, id, progress, random, wait);
      }
      return report(arguments, output, id, verdict, verifier);
    } finally {
      handed.ifPresent(Enrolling.Handed::close);
      load.payload().ifPresent(secret -> secret.close());
    }
  }

  private static Address address(Arguments arguments, RegisteredAgent node) {
    try {
      return arguments.has(AGENT)
          ? Address.parse(arguments.required(AGENT), 9002)
          : Address.of(
              node.ip(),
              node.port()
                  .orElseThrow(
                      () ->
                          CommandFailed.because(
                              "the node registered no port; give --agent HOST:PORT")));
    } catch (MalformedException e) {
      throw e.in("the agent's address");
    }
  }

  private static Optional<AgentStatus> awaitVerdict(
      Verifier verifier, NodeId id, int seconds, Progress progress)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (System.nanoTime() < deadline) {
      Optional<AgentStatus> status = verifier.status(id).map(AgentStatus::fromJson);
      if (status.isEmpty()) {
        throw CommandFailed.because(id + " was removed from the verifier in the meantime");
      }
      if (status.get().attestationCount() > 0) {
        progress.step("trusted", "first attestation: trusted");
        return status;
      }
      if (ChangeNode.isOver(status.get())) {
        progress.step("untrusted", "first attestation: not trusted");
        return status;
      }
      Thread.sleep(20);
    }
    return Optional.empty();
  }

  /** The agent shows that it combined U and V, by an HMAC under K of a fresh challenge. */
  private static void awaitProof(
      Enrolling.Proven proven,
      io.limestone.keylime.BootstrapKey key,
      Verifier verifier,
      NodeId id,
      Progress progress,
      SecureRandom random,
      int seconds)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(Math.max(seconds, 1)).toNanos();
    while (System.nanoTime() < deadline) {
      String challenge = Nonce.random(random).text();
      Optional<String> proof = proven.agent().proof(challenge);
      if (proof.isPresent()) {
        if (key.isProof(proof.get(), challenge)) {
          progress.step("key_verified", "the agent has the payload's key");
          return;
        }
        verifier.stop(id);
        throw CommandFailed.because(
            "the agent's proof of the payload's key is wrong; the node is stopped. Another key was"
                + " delivered to it: `limestone node update "
                + id
                + "` delivers a new one");
      }
      Thread.sleep(50);
    }
    verifier.stop(id);
    throw CommandFailed.because(
        "the agent did not prove within "
            + seconds
            + " s that it has the payload's key; the node is stopped");
  }

  private static int report(
      Arguments arguments,
      Output output,
      NodeId id,
      Optional<AgentStatus> verdict,
      Verifier verifier)
      throws IOException, InterruptedException {
    if (verdict.isEmpty()) {
      if (arguments.has(Connection.JSON)) {
        output.json(Map.of("id", id.value(), "standing", Standing.Word.PENDING.toString()));
      } else {
        output.line(id + " is enrolled; there is no verdict yet: `limestone node show " + id + "`");
      }
      return arguments.number(WAIT, 0, 86_400).orElse(60) == 0 ? 0 : 1;
    }
    Instant now = Instant.now();
    Standing standing = Standing.of(verdict.get(), now);
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> json = ShowNode.json(verdict.get(), standing);
      json.put("id", id.value());
      output.json(json);
    } else {
      output.line(id + " is " + standing.word());
      if (standing.word() != Standing.Word.TRUSTED) {
        Optional<JsonObject> told = verifier.explanation(id);
        ShowNode.printFailures(output, Explanation.of(told, verdict.get(), standing, now));
      }
    }
    return standing.word() == Standing.Word.TRUSTED ? 0 : 1;
  }
}
