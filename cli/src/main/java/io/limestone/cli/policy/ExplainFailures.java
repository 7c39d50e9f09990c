package io.limestone.cli.policy;

import io.limestone.appraisal.Failure;
import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.keylime.NodeId;
import io.limestone.policy.Fix;
import io.limestone.policy.PolicyPatch;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code limestone policy explain}. */
final class ExplainFailures {
  private static final Operand SUBJECT =
      Operand.one(
          "SUBJECT",
          "a node's id; or a file: evidence (as for appraise --evidence), an IMA measurement list or"
              + " an event log (- is standard input)");
  private static final Operand POLICY =
      Operand.optional(
          "POLICY",
          "what to judge it by; of a node and of evidence instead of its own policy of the same kind");
  private static final Option PATCH =
      Option.value("--output", "FILE", "Where the patch goes, which `policy apply` takes").or("-o");
  private static final Option WEAKEN =
      Option.flag(
          "--weaken", "Put into the patch too what makes a boot policy demand less than before");
  private static final Option ALL =
      Option.flag("--all", "Tell every failure, not only the first " + Explanation.FEW).or("-a");

  /** So often a patch may bring to light what failed unseen behind what it mends. */
  private static final int ROUNDS = 50;

  private ExplainFailures() {}

  static Leaf command() {
    return Leaf.of(
            "explain",
            "Tells why something is not trusted, and the smallest change of a policy against it.",
            ExplainFailures::run)
        .operands(SUBJECT, POLICY)
        .options(
            PATCH,
            WEAKEN,
            Packages.PLACES,
            Packages.ARCH,
            ALL,
            PolicySource.KEYS,
            PolicySource.UNVERIFIED,
            PolicyCommands.KIND,
            Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            For each failure: the entry's line, the rule that refused it, the package where known, and the smallest
            change of the policy that accepts it; never an exclude. With the change it is judged again: what would
            still fail is said. Read a patch before you apply it: it allows what failed, also what an attacker ran.
            What no policy mends (violations, an altered list, another PCR) has no change.

            Exit code 0: nothing fails. 1: something does. 2: unusable input.

            Examples:
              limestone policy explain web-1 -o patch.json
              limestone policy apply name:web patch.json -o next.json
              limestone policy try next.json --users-of web
              limestone policy explain ima.log policy.json -o patch.json
              limestone policy explain binary_bios_measurements boot.json --json
              limestone policy explain evidence.json
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Subject subject = subject(arguments, output);
    Explanation explanation = explain(subject, arguments.has(WEAKEN));
    Optional<Path> file = arguments.path(PATCH);
    if (file.isPresent() && !explanation.patch().isEmpty()) {
      PolicyFile.write(file, Bytes.of(Json.bytes(explanation.patch().toJson())), output);
    }
    Packages packages = Packages.of(explanation.paths(), arguments);
    if (arguments.has(Connection.JSON)) {
      output.json(explanation.json(packages));
    } else {
      explanation.print(
          packages, arguments.has(ALL) ? Integer.MAX_VALUE : Explanation.FEW, file, output);
    }
    return explanation.failures().isEmpty() ? 0 : 1;
  }

  private static Subject subject(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    String name = arguments.operand(0);
    PolicySource source = new PolicySource(arguments, output);
    Optional<PolicyFile> policy =
        arguments.operands().size() > 1
            ? Optional.of(source.trusted(arguments.operand(1)))
            : Optional.empty();
    if (!PolicySource.isHere(name)) {
      NodeId id = id(name);
      NodeSubject node = NodeSubject.of(Connection.of(arguments, output).verifier(), id);
      return policy.isPresent() ? node.with(policy.get()) : node;
    }
    Bytes text = Input.read(name, CheckList.MAX_LIST, "log or evidence");
    if (EvidenceSubject.looksLike(text)) {
      try {
        EvidenceSubject evidence = EvidenceSubject.of(name, text);
        return policy.isPresent() ? evidence.with(policy.get()) : evidence;
      } catch (MalformedException e) {
        throw e.in(name);
      }
    }
    return new LogSubject(
        name,
        text,
        policy.orElseThrow(
            () -> CommandFailed.unusable("POLICY is missing: what to judge " + name + " by")));
  }

  private static NodeId id(String name) {
    try {
      return NodeId.parse(name);
    } catch (MalformedException e) {
      throw CommandFailed.unusable("no such file, and no node's id: " + name);
    }
  }

  private static Explanation explain(Subject subject, boolean weaken)
      throws IOException, InterruptedException {
    Subject.Policies policies = subject.policies();
    Map<String, Failure> all = new LinkedHashMap<>();
    Set<Fix> fixes = new LinkedHashSet<>();
    PolicyPatch patch = PolicyPatch.EMPTY;
    List<Failure> found = subject.failures();
    Optional<List<Failure>> left = Optional.of(found);
    for (int round = 0; round < ROUNDS; round++) {
      int before = fixes.size();
      for (Failure failure : found) {
        if (!failure.isSummary() && all.putIfAbsent(key(failure), failure) == null) {
          Fix fix = Fix.of(failure.context());
          if (Explanation.taken(fix, weaken)) {
            fixes.add(fix);
          }
        }
      }
      if (fixes.size() == before) {
        break;
      }
      patch =
          PolicyPatch.of(
              policies.runtime().map(PolicyFile::digest),
              policies.boot().map(PolicyFile::digest),
              fixes);
      left = subject.failures(policies.patched(patch));
      found = left.orElse(List.of());
    }
    return new Explanation(subject, List.copyOf(all.values()), patch, left, weaken);
  }

  /** What tells failures apart: two entries may fail on the same. */
  private static String key(Failure failure) {
    return failure.context().members().get("entry")
        + "\n"
        + failure.eventId()
        + "\n"
        + failure.check()
        + "\n"
        + failure.found();
  }
}
