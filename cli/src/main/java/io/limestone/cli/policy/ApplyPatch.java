package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.PolicyDiff;
import io.limestone.policy.PolicyDiff.Kind;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyPatch;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code limestone policy apply}. */
final class ApplyPatch {
  private static final int MAX_PATCH = 64 << 20;
  private static final Operand PATCH =
      Operand.one("PATCH", "what `policy explain` wrote (- is standard input)");
  private static final Option DROP =
      Option.flag("--drop-signature", "Change a signed policy: the result is not signed any more");
  private static final Option ANY =
      Option.flag("--any-base", "Apply a patch that was made for another policy");

  private ApplyPatch() {}

  static Leaf command() {
    return Leaf.of("apply", "Changes a policy as a patch says.", ApplyPatch::run)
        .operands(PolicySource.POLICY, PATCH)
        .options(
            PolicySource.OUT,
            ANY,
            DROP,
            PolicySource.KEYS,
            PolicySource.UNVERIFIED,
            PolicyCommands.KIND)
        .options(Connection.OPTIONS)
        .text(
            """
            A patch may have a part for the runtime policy and one for the boot policy: that of the policy's kind
            is carried out. What was added and changed is counted on standard error, and the result is checked
            as the verifier checks it. A signed policy is refused: who signed it did not sign the change. With
            --drop-signature the result is a policy that is not signed; sign it anew.

            Examples:
              limestone policy apply policy.json patch.json -o next.json
              limestone policy apply policy.dsse patch.json --key signer.pem --drop-signature -o next.json
              limestone policy apply name:servers patch.json --kind boot -o boot.json
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    PolicyFile policy = new PolicySource(arguments, output).trusted(arguments.operand(0));
    if (policy.envelope().isPresent() && !arguments.has(DROP)) {
      throw CommandFailed.unusable(
          policy.name()
              + " is signed, and the result would not be: --drop-signature makes it all the same");
    }
    PolicyPatch patch;
    try {
      Bytes text = Input.read(arguments.operand(1), MAX_PATCH, "policy patch");
      patch = PolicyPatch.fromJson(Json.object(text.toArray()));
    } catch (MalformedException e) {
      throw e.in(arguments.operand(1));
    }
    switch (policy.content()) {
      case PolicyFile.Content.OfRuntime(PolicyDocument document) -> {
        check(policy, patch.runtime().isEmpty(), patch.runtime().base(), arguments);
        PolicyDocument changed = patch.runtime().apply(document);
        PolicyFile.write(arguments.path(PolicySource.OUT), changed.toText(), output);
        output.note(counts(document, changed));
      }
      case PolicyFile.Content.OfBoot(JsonObject document) -> {
        check(policy, patch.boot().isEmpty(), patch.boot().base(), arguments);
        JsonObject changed = patch.boot().apply(document);
        PolicyFile.write(arguments.path(PolicySource.OUT), Bytes.of(Json.bytes(changed)), output);
        output.note(counts(patch.boot()));
      }
    }
    return 0;
  }

  private static void check(
      PolicyFile policy, boolean empty, Optional<String> base, Arguments arguments) {
    if (empty) {
      throw CommandFailed.unusable(
          "the patch has nothing for a " + policy.kind().word() + " policy");
    }
    if (!arguments.has(ANY) && base.filter(digest -> !digest.equals(policy.digest())).isPresent()) {
      throw CommandFailed.unusable(
          "the patch was made for another policy (--any-base applies it all the same)");
    }
  }

  private static String counts(PolicyDocument before, PolicyDocument after) {
    Map<Kind, Long> counts =
        PolicyDiff.of(before, after).stream()
            .collect(Collectors.groupingBy(PolicyDiff.Difference::kind, Collectors.counting()));
    return counts.isEmpty()
        ? "nothing is changed: the policy has all of it already"
        : "names added: "
            + counts.getOrDefault(Kind.ADDED, 0L)
            + ", changed: "
            + counts.getOrDefault(Kind.CHANGED, 0L)
            + ", removed: "
            + counts.getOrDefault(Kind.REMOVED, 0L);
  }

  private static String counts(PolicyPatch.BootPart patch) {
    long replaced = patch.changes().stream().filter(one -> one.op().equals("replace")).count();
    return "entries added: "
        + (patch.changes().size() - replaced)
        + ", replaced: "
        + replaced
        + ", removed: 0";
  }
}
