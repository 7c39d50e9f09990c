package io.limestone.cli.node;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandLine;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Output;
import java.io.IOException;
import java.util.List;

/** The words of {@code limestone node}. */
public final class NodeCommands {
  private static final Operand ID = Operand.one("ID", "the node's id, as its agent registered");

  private static final Operand IDS = Operand.many("ID", "the ids of the nodes");

  private NodeCommands() {}

  /** {@code node add} with these words, telling its steps to {@code progress}. */
  public static int add(List<String> words, Output output, Progress progress)
      throws IOException, InterruptedException {
    Command.Leaf silent = add((arguments, out) -> AddNode.run(arguments, out, progress, false));
    return CommandLine.run(silent, output, words);
  }

  public static Command.Group group() {
    return new Command.Group(
        "node",
        "Nodes: verify them, hand them their secrets, watch them.",
        List.of(
            add(AddNode::add),
            Leaf.of(
                    "update",
                    "Replaces a node's enrolment: other policies, a new payload.",
                    AddNode::update)
                .operands(ID)
                .options(AddNode.options())
                .options(Connection.JSON)
                .options(Connection.OPTIONS)
                .text(
                    """
                    Verifies the node as `node add` does before the old enrolment is removed. Counters start anew.

                    Example:
                      limestone node update web-1 --runtime-policy new.json --file key
                    """),
            Leaf.of("list", "Lists the nodes: trusted, untrusted, unknown.", ListNodes::run)
                .options(
                    ListNodes.STATE, ListNodes.OUTDATED, ListNodes.WOULD_FAIL, ListNodes.REGISTERED)
                .options(Connection.JSON)
                .options(Connection.OPTIONS)
                .text(
                    """
                    trusted    the last attestation passed, and it is recent
                    untrusted  evidence was judged, and failed
                    unknown    no recent verdict: not reached, or not able to answer
                    pending    enrolled, not attested yet
                    stopped    an administrator stopped it

                    Examples:
                      limestone node list --state untrusted --state unknown
                      limestone node list --outdated
                      limestone node list --would-fail
                      limestone node list --json | jq 'keys'
                    """),
            Leaf.of("show", "Shows one node, and explains what failed.", ShowNode::run)
                .operands(ID)
                .options(ShowNode.REQUIRE_TRUSTED, ShowNode.TIMELINE, Connection.JSON)
                .options(Connection.OPTIONS)
                .text(
                    """
                    Example, in a script that must not go on without a good node:
                      limestone node show web-1 --require-trusted && deploy web-1
                    """),
            Leaf.of("stop", "Stops attesting a node; it stays enrolled.", ChangeNode::stop)
                .operands(ID)
                .options(Connection.OPTIONS)
                .text("Example:\n  limestone node stop web-1\n"),
            Leaf.of(
                    "resume",
                    "Attests nodes again that failed or were stopped.",
                    ChangeNode::resume)
                .operands(IDS)
                .options(Connection.OPTIONS)
                .text("Example:\n  limestone node resume web-1 web-2\n"),
            Leaf.of("remove", "Removes a node from the verifier.", ChangeNode::remove)
                .operands(ID)
                .options(ChangeNode.REGISTRATION)
                .options(Connection.OPTIONS)
                .text("Example:\n  limestone node remove web-1\n")));
  }

  private static Leaf add(Command.Action action) {
    return Leaf.of(
            "add", "Verifies a registered node, hands it its payload, has it attested.", action)
        .operands(ID)
        .options(AddNode.options())
        .options(Connection.JSON)
        .options(Connection.OPTIONS)
        .text(ADD);
  }

  private static final String ADD =
      """
      In this order, each step only if the one before succeeded:
        1. the registrar's record is read, once;
        2. the EK certificate is verified up to a TPM maker's root: it is a real TPM;
        3. an identity quote is asked from the agent and verified: it is that TPM, and the key that
           secrets are encrypted to is its own;
        4. a key K is made here and split: U and the payload sealed under K go to the agent, V to
           the verifier. Neither ever holds both until the node is found trustworthy;
        5. the verifier attests the node, gives it V, and goes on attesting it.

      Examples:
        limestone node add web-1 --file disk.key --runtime-policy policy.json
        limestone node add web-1 --payload-dir secrets/ --tpm-policy '{"15": ["00…00"]}' --verify
        limestone node add web-1 --verifier keylime:8881 --registrar keylime:8891 --pki cv_ca
      """;
}
