package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Verifier;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.create.Measured;
import io.limestone.policy.create.PolicyDraft;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code limestone policy learn draft} and {@code finish}: the policy of what was learnt. */
final class DraftLearnt {
  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS");
  private static final int FEW = 10;
  private static final Option OUT =
      Option.value("--output", "FILE", "Where the policy goes (default: standard output)").or("-o");
  private static final Option ONTO =
      Option.value(
          "--onto",
          "POLICY",
          "Add what was learnt to this policy as it is in force, and show the difference");
  private static final Option ALL =
      Option.flag("--all", "Every name of the difference, not only a few of each group");

  private DraftLearnt() {}

  static Leaf draft() {
    return Leaf.of(
            "draft",
            "Makes a policy of what was learnt so far; the learning goes on.",
            (arguments, output) -> run(arguments, output, false))
        .operands(LearnPolicy.NAME)
        .options(OUT, ONTO, ALL)
        .options(Connection.OPTIONS)
        .text("Example:\n  limestone policy learn draft autumn --onto web -o next.json\n");
  }

  static Leaf finish() {
    return Leaf.of(
            "finish",
            "Ends a learning, and makes a policy of what was learnt.",
            (arguments, output) -> run(arguments, output, true))
        .operands(LearnPolicy.NAME)
        .options(OUT, ONTO, ALL, Rollout.WHY)
        .options(Connection.OPTIONS)
        .text(
            """
            Nothing is stored or enforced: the policy is written, the difference shown. What was learnt stays at
            the verifier until `learn discard`. Exit code 1 if nothing was learnt.

            Example:
              limestone policy learn finish autumn --onto web -o next.json --why "a week without news"
              limestone policy audit web next.json --why "learnt in autumn"
            """);
  }

  private static int run(Arguments arguments, Output output, boolean finish)
      throws IOException, InterruptedException {
    String name = PolicyCommands.name(arguments);
    Verifier verifier = Connection.of(arguments, output).verifier();
    Optional<PolicyDocument> base = base(arguments, verifier);
    if (finish) {
      Map<String, String> why = Map.of("why", Rollout.why(arguments));
      output.note(LearnPolicy.change(name, "finish", why, arguments, output).string("done"));
    }
    JsonObject learning =
        verifier
            .learning(name)
            .orElseThrow(() -> CommandFailed.because("there is no learning " + name));
    Learnt learnt = new Learnt();
    verifier.learnt(name, learnt::add);
    if (learnt.isEmpty()) {
      throw CommandFailed.because(
          "nothing was learnt; `limestone policy learn status " + name + "` tells why");
    }
    PolicyDocument document = learnt.document();
    PolicyDocument policy = base.map(before -> before.merge(document)).orElse(document);
    Bytes text = PolicyDocument.parse(policy.toText()).toText(); // as the verifier will read it
    PolicyFile.write(arguments.path(OUT), text, output);
    Output told = arguments.has(OUT) ? output : new Output(output.err(), output.err());
    if (base.isPresent()) {
      DiffPolicies.of(base.get(), policy, arguments).print(arguments.has(ALL), told);
    }
    tell(learning, learnt, output);
    arguments
        .get(OUT)
        .ifPresent(
            file ->
                output.note(
                    "written: "
                        + file
                        + "; next: limestone policy try "
                        + file
                        + ", then add or audit"));
    return 0;
  }

  private static Optional<PolicyDocument> base(Arguments arguments, Verifier verifier)
      throws IOException, InterruptedException {
    Optional<String> name = arguments.get(ONTO);
    if (name.isEmpty()) {
      return Optional.empty();
    }
    JsonObject stored =
        verifier
            .policy("allowlists", name.get())
            .orElseThrow(() -> CommandFailed.because("there is no runtime policy " + name.get()));
    return Optional.of(
        PolicyDocument.parse(
            Bytes.of(stored.string("runtime_policy").getBytes(StandardCharsets.UTF_8))));
  }

  /** What to be careful about. */
  private static void tell(JsonObject learning, Learnt learnt, Output output) {
    if (learning.integer("left_out") > 0) {
      output.note("INCOMPLETE: there was no room for all that ran (learn status)");
    }
    if (!learning.list("nothing_of").isEmpty()) {
      output.note("of " + learning.list("nothing_of").size() + " nodes nothing was learnt");
    }
    some(learnt.violations, "changed while they were measured, so not learnt", output);
    if (learning.list("nodes").size() > 1) {
      some(learnt.rare, "seen on one node only", output);
    }
    output.note(learning.integer("unsigned") + " files carry no signature of their own");
    output.note(LearnPolicy.WARNING);
  }

  private static void some(List<String> names, String what, Output output) {
    if (!names.isEmpty()) {
      String few = String.join(" ", names.stream().limit(FEW).toList());
      output.note(
          names.size()
              + " "
              + what
              + ": "
              + Encoding.printable(few, 2000)
              + (names.size() > FEW ? " …" : ""));
    }
  }

  /** The pages of what was learnt, put together. */
  private static final class Learnt {
    private final PolicyDraft draft = new PolicyDraft();
    private final List<String> violations = new ArrayList<>();
    private final List<String> rare = new ArrayList<>();
    private long allowed;

    void add(JsonObject thing) {
      Measured measured =
          new Measured(
              Measured.Kind.valueOf(thing.string("kind").toUpperCase(Locale.ROOT)),
              thing.string("name"),
              thing.string("digest"),
              thing.bool("signed"));
      if (measured.kind() == Measured.Kind.VIOLATION) {
        violations.add(measured.name());
        return;
      }
      draft.allow(measured);
      allowed++;
      if (LearnPolicy.isRare(thing)) {
        rare.add(measured.name());
      }
    }

    boolean isEmpty() {
      return allowed == 0;
    }

    PolicyDocument document() {
      String now = TIMESTAMP.format(LocalDateTime.now(ZoneId.systemDefault()));
      return PolicyDocument.parse(Bytes.of(draft.toText(now).getBytes(StandardCharsets.UTF_8)));
    }
  }
}
