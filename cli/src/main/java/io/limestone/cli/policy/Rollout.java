package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.cli.rest.Answer;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A stored policy's way to the nodes: {@code history}, {@code audit}, … {@code rollback}. */
final class Rollout {
  static final Option WHY =
      Option.value("--why", "TEXT", "The reason, kept with the version and in the audit log");
  private static final Option VERSION =
      Option.value("--version", "N", "A version that is stored already (see history)");
  private static final Option TO = Option.value("--to", "N", "The version to go back to");
  private static final Option ACCEPT_REPLACED =
      Option.flag(
          "--accept-replaced",
          "A file that the version enforced lists may have run until it was replaced: it must have"
              + " been measured again since. For nodes that are updated without a reboot");
  private static final Operand NAME = Operand.one("NAME", "the policy's name");

  private Rollout() {}

  static List<Leaf> leaves() {
    return List.of(
        Leaf.of(
                "history",
                "Lists a policy's versions: who, when, why; and its roll-out.",
                Rollout::history)
            .operands(NAME)
            .options(PolicyCommands.KIND, Connection.JSON)
            .options(Connection.OPTIONS)
            .text("Example:\n  limestone policy history servers --kind boot\n"),
        Leaf.of(
                "audit",
                "Judges a policy's nodes by a new version too, which decides nothing.",
                Rollout::audit)
            .operands(NAME, Operand.optional("FILE", "the new version, JSON or DSSE"))
            .options(WHY, VERSION, ACCEPT_REPLACED, PolicyCommands.KIND, PolicyCommands.KEY)
            .options(Connection.OPTIONS)
            .text(
                """
                The version enforced goes on deciding who is trusted, who gets keys and who is
                revoked. What the new one would refuse is shown by history and node show.

                Example, a roll-out:
                  limestone policy audit web next.json --why "httpd 2.4.66"
                  limestone policy history web
                  limestone policy canary web 10 --why "a tenth first"
                  limestone policy enforce web --why "no findings for two days"
                  limestone policy rollback web --why "batch-7 cannot be updated yet"
                """),
        Leaf.of(
                "canary",
                "Lets the version under audit decide for a share or a group of the nodes.",
                Rollout::canary)
            .operands(
                NAME, Operand.optional("PERCENT", "of the nodes that use it, 0 to 100; stable"))
            .options(NodesMeant.GROUP, WHY, PolicyCommands.KIND)
            .options(Connection.OPTIONS)
            .text(
                """
                Examples:
                  limestone policy canary web 10 --why "a tenth first"
                  limestone policy canary web --group staging --why "staging first"
                """),
        Leaf.of("enforce", "Lets the version under audit decide for all nodes.", Rollout::enforce)
            .operands(NAME)
            .options(WHY, VERSION, ACCEPT_REPLACED, PolicyCommands.KIND)
            .options(Connection.OPTIONS)
            .text("Example:\n  limestone policy enforce web --why \"no findings for two days\"\n"),
        Leaf.of(
                "rollback",
                "Takes back what is being rolled out, or else goes back to the version before.",
                Rollout::rollback)
            .operands(NAME)
            .options(WHY, TO, PolicyCommands.KIND)
            .options(Connection.OPTIONS)
            .text(
                "Example:\n  limestone policy rollback web --to 3 --why \"batch-7 is not updated yet\"\n"));
  }

  private static int audit(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    boolean file = arguments.operands().size() > 1;
    if (file == arguments.has(VERSION)) {
      throw CommandFailed.unusable("which version: a FILE, or --version N?");
    }
    if (file) {
      body.putAll(PolicyCommands.Kind.of(arguments).body(arguments));
    }
    return change("audit", arguments, output, body);
  }

  private static int canary(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    arguments.get(NodesMeant.GROUP).ifPresent(name -> body.put("group", name));
    if (arguments.operands().size() > 1) {
      body.put("percent", number(arguments.operand(1), 0, 100));
    } else if (body.isEmpty()) {
      throw CommandFailed.unusable("for which nodes: a PERCENT, or --group GROUP?");
    }
    return change("canary", arguments, output, body);
  }

  private static int enforce(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    return change("enforce", arguments, output, Map.of());
  }

  private static int rollback(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    return change("rollback", arguments, output, Map.of());
  }

  private static int change(String act, Arguments arguments, Output output, Map<String, ?> more)
      throws IOException, InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>(more);
    body.put("why", why(arguments));
    arguments
        .number(act.equals("rollback") ? TO : VERSION, 1, Integer.MAX_VALUE)
        .ifPresent(n -> body.put("version", n));
    if (arguments.has(ACCEPT_REPLACED)) {
      body.put("accept_replaced", true);
    }
    Answer answer =
        Connection.of(arguments, output).verifier().changePolicy(path(arguments) + "/" + act, body);
    if (answer.status() == 400 || answer.status() == 404) {
      throw CommandFailed.because(answer.said());
    }
    JsonObject results = answer.expectSuccess("changing the policy");
    output.line(results.string("done"));
    List<String> halted = results.has("halted") ? results.strings("halted") : List.of();
    if (!halted.isEmpty()) {
      output.line(
          "refused by a version that decides for them no more, and not asked again until you say so:");
      output.line("  limestone node resume " + Encoding.printable(String.join(" ", halted), 4000));
    }
    return 0;
  }

  /** The reason that every change needs. */
  static String why(Arguments arguments) {
    return arguments
        .get(WHY)
        .filter(text -> !text.isBlank())
        .orElseThrow(
            () ->
                CommandFailed.unusable(
                    "--why TEXT is missing: the reason is kept with the version and in the audit"
                        + " log"));
  }

  private static String path(Arguments arguments) {
    return PolicyCommands.Kind.of(arguments).word() + "/" + PolicyCommands.name(arguments);
  }

  private static int history(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    JsonObject policy =
        Connection.of(arguments, output)
            .verifier()
            .history(path(arguments))
            .orElseThrow(() -> CommandFailed.because("there is no policy " + arguments.operand(0)));
    if (arguments.has(Connection.JSON)) {
      output.json(policy);
      return 0;
    }
    long enforced = policy.integer("enforced");
    Optional<Long> candidate = policy.optionalInteger("candidate");
    Table table = Table.of("VERSION", "STATE", "WHEN", "WHO", "WHY", "SHA-256");
    for (Object item : policy.list("versions")) {
      if (item instanceof JsonObject version) {
        long number = version.integer("version");
        table.row(
            String.valueOf(number),
            number == enforced
                ? "enforced"
                : candidate.filter(n -> n == number).isPresent() ? state(policy) : "",
            version.integer("at_ms") == 0
                ? ""
                : Instant.ofEpochMilli(version.integer("at_ms"))
                    .truncatedTo(ChronoUnit.SECONDS)
                    .toString(),
            version.string("who"),
            version.string("why"),
            version.string("digest").substring(0, 12));
      }
    }
    output.out().print(table);
    output.line("");
    output.line(policy.integer("nodes") + " nodes use it");
    candidate.ifPresent(number -> describe(policy, number, output));
    return 0;
  }

  /** What the candidate is: under audit as long as it decides for nobody. */
  private static String state(JsonObject policy) {
    long percent = policy.integer("canary_percent");
    Optional<String> group = policy.optionalString("canary_group").map(name -> "group " + name);
    return percent == 0 && group.isEmpty()
        ? "under audit"
        : "canary, "
            + Stream.concat(Stream.of(percent + " %").filter(p -> percent > 0), group.stream())
                .collect(Collectors.joining(" and "));
  }

  private static void describe(JsonObject policy, long number, Output output) {
    int canaries = policy.list("canaries").size();
    int refused = policy.list("refused").size();
    String since =
        policy
            .optionalInteger("since_ms")
            .map(ms -> " since " + Instant.ofEpochMilli(ms).truncatedTo(ChronoUnit.SECONDS))
            .orElse("");
    output.line(
        "version "
            + number
            + " is "
            + state(policy)
            + since
            + ": it decides for "
            + canaries
            + " of them"
            + (refused > 0 ? ", and refuses " + refused : "")
            + "; of the others it would trust "
            + policy.integer("would_pass")
            + " and refuse "
            + policy.integer("would_fail")
            + ", and has not judged "
            + policy.integer("not_judged"));
    if (refused > 0) {
      output.line(
          "refused: "
              + Encoding.printable(String.join(", ", policy.strings("refused")), 1000)
              + " (limestone policy explain NODE)");
    }
    if (policy.integer("would_fail") == 0) {
      return;
    }
    Table table = Table.of("WOULD FAIL", "CHECKS", "FIRST", "FOUND");
    for (Object item : policy.list("failing")) {
      if (item instanceof JsonObject node) {
        JsonObject first = node.object("first");
        table.row(
            node.string("id"),
            String.valueOf(node.integer("failures")),
            first.string("event_id"),
            Encoding.printable(first.string("found"), 80));
      }
    }
    output.out().print(table);
  }

  private static int number(String text, int min, int max) {
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    }
    throw CommandFailed.unusable("a number from " + min + " to " + max + " is needed: " + text);
  }
}
