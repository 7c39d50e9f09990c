package io.limestone.cli.node;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Answer;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.AgentStatus;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.OperationalState;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** {@code limestone node stop|resume|remove}. */
final class ChangeNode {
  static final Option REGISTRATION =
      Option.flag(
          "--registration", "Remove it from the registrar too, so that it must register anew");

  private ChangeNode() {}

  static int stop(Arguments arguments, Output output) throws IOException, InterruptedException {
    NodeId id = NodeId.parse(arguments.operand(0));
    Verifier verifier = Connection.of(arguments, output).verifier();
    expectEnrolled(verifier, id);
    verifier.stop(id).expectSuccess("stopping " + id);
    output.line(id + " is not attested any more; `limestone node resume " + id + "` goes on");
    return 0;
  }

  static int resume(Arguments arguments, Output output) throws IOException, InterruptedException {
    List<NodeId> ids = arguments.operands().stream().map(NodeId::parse).toList();
    Verifier verifier = Connection.of(arguments, output).verifier();
    for (NodeId id : ids) {
      expectEnrolled(verifier, id);
    }
    for (NodeId id : ids) {
      verifier.reactivate(id).expectSuccess("resuming " + id);
      output.line(id + " is attested again");
    }
    return 0;
  }

  private static void expectEnrolled(Verifier verifier, NodeId id)
      throws IOException, InterruptedException {
    if (verifier.status(id).isEmpty()) {
      throw CommandFailed.because(id + " is not enrolled");
    }
  }

  static int remove(Arguments arguments, Output output) throws IOException, InterruptedException {
    NodeId id = NodeId.parse(arguments.operand(0));
    Connection connection = Connection.of(arguments, output);
    boolean removed = remove(connection.verifier(), id, Duration.ofSeconds(60));
    output.line(removed ? id + " is removed from the verifier" : id + " was not enrolled");
    if (arguments.has(REGISTRATION)) {
      Answer answer = connection.registrar().remove(id);
      if (answer.status() != 404) {
        answer.expectSuccess("removing the registration of " + id);
      }
      output.line(id + " is removed from the registrar");
    }
    return 0;
  }

  /** Removes an enrolment and waits until it is gone; false where there was none. */
  static boolean remove(Verifier verifier, NodeId id, Duration patience)
      throws IOException, InterruptedException {
    Answer answer = verifier.remove(id);
    if (answer.status() == 404) {
      return false;
    }
    answer.expectSuccess("removing " + id);
    long deadline = System.nanoTime() + patience.toNanos();
    while (answer.status() == 202 && verifier.status(id).isPresent()) {
      if (System.nanoTime() > deadline) {
        throw CommandFailed.because(
            id + " is marked for removal; the verifier still waits for the node's last answer");
      }
      Thread.sleep(100);
    }
    return true;
  }

  /** Whether the node is at its end: judged bad or given up. */
  static boolean isOver(AgentStatus status) {
    return status
        .state()
        .filter(
            state ->
                state == OperationalState.FAILED
                    || state == OperationalState.INVALID_QUOTE
                    || state == OperationalState.TENANT_FAILED)
        .isPresent();
  }
}
