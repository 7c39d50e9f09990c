package io.limestone.cli.policy;

import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ListAppraisal;
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
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@code limestone policy explain} and {@code apply}. */
final class ExplainFailures {
  private static final Operand PATCH = Operand.one("PATCH", "what `policy explain` wrote");
  private static final Option ROOT =
      Option.value("--packages", "DIR", "Root whose dpkg data base names packages (default: /)");
  private static final int MAX_PATCH = 64 << 20;
  private static final Option DROP =
      Option.flag("--drop-signature", "Change a signed policy: the result is not signed any more");
  private static final Option ANY =
      Option.flag("--any-base", "Apply a patch that was made for another policy");

  private ExplainFailures() {}

  static Leaf explain() {
    return Leaf.of(
            "explain", "Tells what a policy would need to accept a list.", ExplainFailures::explain)
        .operands(CheckList.LOG, PolicyFile.POLICY)
        .options(ROOT, PolicyFile.OUT, PolicyFile.KEYS, PolicyFile.UNVERIFIED)
        .text(
            """
            For each failing entry: which, the rule, the package where known, and whether a change of the policy
            would accept it. The smallest such change is written as a patch. Read it before you apply it: it
            allows what failed.

              limestone policy explain ima.log policy.json --output patch.json
              limestone policy apply policy.json patch.json --output next.json
            """);
  }

  static Leaf apply() {
    return Leaf.of("apply", "Changes a policy as a patch says.", ExplainFailures::apply)
        .operands(PolicyFile.POLICY, PATCH)
        .options(PolicyFile.OUT, ANY, DROP, PolicyFile.KEYS, PolicyFile.UNVERIFIED)
        .text(
            """
            What was added and changed is counted on standard error. The policy is checked again as it is
            written. A signed policy is refused: who signed it did not sign the change. With --drop-signature the
            result is a policy that is not signed; sign it anew.

            Examples:
              limestone policy apply policy.json patch.json -o next.json
              limestone policy apply policy.dsse patch.json --key signer.pem --drop-signature -o next.json
            """);
  }

  private static int explain(Arguments arguments, Output output) throws IOException {
    PolicyFile policy = PolicyFile.trusted(arguments.operand(1), arguments);
    ListAppraisal.Result result = CheckList.judge(policy, arguments);
    if (policy.signature() instanceof PolicyFile.Signature.NotVerified) {
      output.note("policy: " + policy.signature().text());
    }
    Packages packages = Packages.under(arguments.get(ROOT).orElse("/"));
    Map<String, Map<String, List<String>>> additions = new LinkedHashMap<>();
    for (Failure failure : result.failures()) {
      output.note(sentence(failure, packages));
      add(failure, additions);
    }
    if (result.accepted()) {
      output.note("the policy accepts every entry");
      return 0;
    }
    PolicyPatch patch = new PolicyPatch(Optional.of(policy.digest()), additions);
    if (patch.isEmpty()) {
      output.note("no change of the policy would accept this list");
    } else {
      PolicyFile.write(
          arguments.path(PolicyFile.OUT), Bytes.of(Json.bytes(patch.toJson())), output);
    }
    return 1;
  }

  private static String sentence(Failure failure, Packages packages) {
    String path = text(failure, "path");
    Object entry = failure.context().members().get("entry");
    StringBuilder sentence = new StringBuilder();
    sentence.append(entry == null ? "" : "entry " + entry + ", ").append(failure.eventId());
    sentence.append(": ").append(failure.found());
    packages.of(path).ifPresent(name -> sentence.append(" (package ").append(name).append(')'));
    sentence.append(
        CheckList.table(failure).isPresent() && !text(failure, "digest").isEmpty()
            ? "; the patch allows it"
            : "; no change of the policy accepts it: " + failure.remedy());
    return Encoding.printable(sentence.toString(), 2000);
  }

  private static void add(Failure failure, Map<String, Map<String, List<String>>> additions) {
    String digest = text(failure, "digest");
    String path = text(failure, "path");
    Optional<String> table = CheckList.table(failure);
    if (table.isPresent() && !digest.isEmpty() && !path.isEmpty()) {
      String name = text(failure, "rule").equals("verity") ? "verity:" + path : path;
      List<String> digests =
          additions
              .computeIfAbsent(table.get(), t -> new LinkedHashMap<>())
              .computeIfAbsent(name, n -> new ArrayList<>());
      if (!digests.contains(digest)) {
        digests.add(digest);
      }
    }
  }

  private static String text(Failure failure, String member) {
    return failure.context().members().get(member) instanceof String text ? text : "";
  }

  private static int apply(Arguments arguments, Output output) throws IOException {
    PolicyFile policy = PolicyFile.trusted(arguments.operand(0), arguments);
    if (policy.envelope().isPresent() && !arguments.has(DROP)) {
      throw CommandFailed.unusable(
          policy.name()
              + " is signed, and the result would not be: --drop-signature makes it all the same");
    }
    PolicyPatch patch;
    try {
      JsonObject json =
          Json.object(Input.read(arguments.operand(1), MAX_PATCH, "policy patch").toArray());
      patch = PolicyPatch.fromJson(json);
    } catch (MalformedException e) {
      throw e.in(arguments.operand(1));
    }
    if (!arguments.has(ANY)
        && patch.base().filter(base -> !base.equals(policy.digest())).isPresent()) {
      throw CommandFailed.unusable(
          "the patch was made for another policy (" + "--any-base applies it all the same)");
    }
    PolicyDocument changed = patch.apply(policy.document());
    PolicyFile.write(arguments.path(PolicyFile.OUT), changed.toText(), output);
    output.note(counts(policy.document(), changed));
    return 0;
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
}
