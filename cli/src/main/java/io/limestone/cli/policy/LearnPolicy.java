package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.cli.rest.Answer;
import io.limestone.cli.rest.Verifier;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code limestone policy learn}: what nodes run, recorded over a time, becomes a policy. */
final class LearnPolicy {
  static final Operand NAME = Operand.one("NAME", "the learning's name, as given to start");
  private static final Option FOR =
      Option.value("--for", "TIME", "How long: 90m, 12h, 7d; at most 90d. It ends by itself");
  private static final Option THINGS =
      Option.flag("--things", "List what was learnt, not only how much");
  private static final Option RARE =
      Option.flag("--rare", "List what was seen on one node only: look at these first");
  private static final Pattern TIME = Pattern.compile("([0-9]{1,6})([smhd])");

  static final String WARNING =
      "What a compromised machine runs is learnt like anything else: learn from machines that you"
          + " have reason to trust, and read what was learnt before you enforce it.";

  private LearnPolicy() {}

  static Command.Group group() {
    return new Command.Group(
        "learn",
        "Records what nodes run over a time, and makes a policy of it.",
        List.of(
            start(),
            status(),
            DraftLearnt.draft(),
            DraftLearnt.finish(),
            Leaf.of("discard", "Forgets a learning and what it learnt.", LearnPolicy::discard)
                .operands(NAME)
                .options(Rollout.WHY)
                .options(Connection.OPTIONS)
                .text(
                    "Example:\n  limestone policy learn discard web --why \"begun too early\"\n")));
  }

  private static Leaf start() {
    return Leaf.of("start", "Begins to record what nodes run.", LearnPolicy::start)
        .operands(Operand.one("NAME", "a name for it: A-Z a-z 0-9 . _ -"))
        .options(NodesMeant.OPTIONS)
        .options(FOR, Rollout.WHY, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            The verifier records each file, kernel key and buffer that these nodes measure, also over reboots of
            the nodes and restarts of the verifier. Only what a good quote proves is learnt: the list replays to the
            quoted PCR 10. Nodes that fail on anything else than what they run teach nothing.

            Learning decides nothing. A node whose policy refuses an unknown file is untrusted, as always, and what it
            ran is learnt all the same. To have unknown files reported only, enforce a policy that lets them pass, and
            put the stricter one under audit (limestone policy audit). A node without a runtime policy must be
            added with --tpm-policy '{"mask": "0x400"}', or its list is not quoted.

            What runs and ends between two attestations before a reboot is not seen.

            WARNING: learning from a compromised machine teaches its compromise. Learn from freshly installed
            machines, and read `learn status NAME --rare` before anything is enforced.

            Example, from nothing to a policy in force:
              limestone policy learn start autumn --users-of web --for 7d --why "policy for httpd 2.4.66"
              limestone policy learn status autumn --rare
              limestone policy learn finish autumn --onto web -o next.json --why "a week without news"
              limestone policy try next.json --users-of web
              limestone policy audit web next.json --why "learnt in autumn"
            """);
  }

  private static Leaf status() {
    return Leaf.of("status", "Tells what was learnt, and of which nodes.", LearnPolicy::status)
        .operands(Operand.optional("NAME", "one learning (default: all, in short)"))
        .options(THINGS, RARE, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Of each node: how many boots were seen, entries of its present list, what it brought that no other node
            had run before, and why its last evidence taught nothing.

            Example:
              limestone policy learn status autumn --rare
            """);
  }

  private static int start(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    String name = PolicyCommands.name(arguments);
    Map<String, Object> body = NodesMeant.body(arguments);
    if (body.isEmpty()) {
      throw CommandFailed.unusable("of which nodes? --node ID, --users-of POLICY or --group GROUP");
    }
    body.put("why", Rollout.why(arguments));
    body.put("seconds", time(arguments.required(FOR)).toSeconds());
    JsonObject done = change(name, "start", body, arguments, output);
    if (arguments.has(Connection.JSON)) {
      output.json(done);
    } else {
      output.line(
          "learning "
              + name
              + " of "
              + done.integer("nodes")
              + " nodes until "
              + seconds(done.integer("until_ms")));
    }
    for (String id : done.strings("unable")) {
      output.note(
          "note: nothing can be learnt of "
              + id
              + ": its PCR 10 is not quoted. Give it a runtime policy, or --tpm-policy"
              + " '{\"mask\": \"0x400\"}'");
    }
    output.note(WARNING);
    return 0;
  }

  /** A step in the life of a learning; what cannot be is said in the server's own words. */
  static JsonObject change(
      String name, String act, Map<String, ?> body, Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Answer answer = Connection.of(arguments, output).verifier().changeLearning(name, act, body);
    if (answer.status() == 400 || answer.status() == 404 || answer.status() == 409) {
      throw CommandFailed.because(answer.said());
    }
    return answer.expectSuccess("learning");
  }

  private static int discard(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    String name = PolicyCommands.name(arguments);
    output.line(
        change(name, "discard", Map.of("why", Rollout.why(arguments)), arguments, output)
            .string("done"));
    return 0;
  }

  private static Duration time(String text) {
    Matcher match = TIME.matcher(text);
    if (!match.matches()) {
      throw CommandFailed.unusable("--for takes a time such as 90m, 12h or 7d, not " + text);
    }
    long number = Long.parseLong(match.group(1));
    return switch (match.group(2)) {
      case "s" -> Duration.ofSeconds(number);
      case "m" -> Duration.ofMinutes(number);
      case "h" -> Duration.ofHours(number);
      default -> Duration.ofDays(number);
    };
  }

  private static int status(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Verifier verifier = Connection.of(arguments, output).verifier();
    if (arguments.operands().isEmpty()) {
      all(verifier.learnings(), arguments, output);
      return 0;
    }
    String name = PolicyCommands.name(arguments);
    JsonObject learning =
        verifier
            .learning(name)
            .orElseThrow(() -> CommandFailed.because("there is no learning " + name));
    boolean things = arguments.has(THINGS) || arguments.has(RARE);
    List<JsonObject> listed = new ArrayList<>();
    if (things) {
      verifier.learnt(name, thing -> listed.add(thing));
    }
    if (arguments.has(RARE)) {
      listed.removeIf(thing -> !isRare(thing));
    }
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> json = new LinkedHashMap<>(learning.members());
      if (things) {
        json.put("things", listed);
      }
      output.json(json);
      return 0;
    }
    describe(learning, output);
    if (things && listed.isEmpty()) {
      output.line("");
      output.line(arguments.has(RARE) ? "nothing was seen on one node only" : "nothing was learnt");
    } else if (things) {
      Table table = Table.of("KIND", "NAME", "DIGEST", "SIGNED", "FIRST SEEN", "ON");
      listed.forEach(
          thing ->
              table.row(
                  thing.string("kind"),
                  thing.string("name"),
                  thing.string("digest"),
                  thing.bool("signed") ? "yes" : "",
                  seconds(thing.integer("first_ms")),
                  String.join(" ", thing.strings("nodes"))));
      output.line("");
      output.out().print(table);
    }
    return 0;
  }

  /** Every machine has a boot aggregate of its own. */
  static boolean isRare(JsonObject thing) {
    return thing.list("nodes").size() == 1 && !thing.string("name").equals("boot_aggregate");
  }

  private static void all(JsonObject answer, Arguments arguments, Output output) {
    if (arguments.has(Connection.JSON)) {
      output.json(answer.list("learnings"));
      return;
    }
    Table table = Table.of("NAME", "STATE", "FILES", "KEYS", "BUFFERS", "UNTIL", "WHO", "WHY");
    for (Object item : answer.list("learnings")) {
      if (item instanceof JsonObject learning) {
        table.row(
            learning.string("name"),
            state(learning),
            String.valueOf(learning.integer("files")),
            String.valueOf(learning.integer("keys")),
            String.valueOf(learning.integer("buffers")),
            seconds(learning.integer("until_ms")),
            learning.string("who"),
            learning.string("why"));
      }
    }
    if (answer.list("learnings").isEmpty()) {
      output.line("Nothing is being learnt; `limestone policy learn start --help` tells how.");
    } else {
      output.out().print(table);
    }
  }

  private static String state(JsonObject learning) {
    return learning.bool("recording") ? "learning" : "ended";
  }

  private static void describe(JsonObject learning, Output output) {
    line(output, "learning", learning.string("name") + ", " + state(learning));
    line(output, "of", of(learning.object("of")));
    line(
        output,
        "time",
        seconds(learning.integer("since_ms"))
            + " to "
            + seconds(learning.optionalInteger("ended_ms").orElse(learning.integer("until_ms"))));
    line(output, "by", learning.string("who") + ": " + learning.string("why"));
    line(
        output,
        "learnt",
        learning.integer("files")
            + " files ("
            + learning.integer("unsigned")
            + " without a signature), "
            + learning.integer("keys")
            + " keys, "
            + learning.integer("buffers")
            + " buffers");
    line(output, "on one node", learning.integer("on_one_node_only") + " of these (--rare)");
    line(
        output,
        "violations",
        learning.integer("violations")
            + " files were changed while they were measured: they have no digest to learn");
    if (learning.integer("left_out") > 0) {
      line(
          output,
          "INCOMPLETE",
          "there was no room for "
              + learning.integer("left_out")
              + " things or more (verifier.learn_things, verifier.learn_bytes)");
    }
    Table table = Table.of("NODE", "BOOTS", "ENTRIES", "BROUGHT", "UNUSABLE", "LAST", "PROBLEM");
    for (Object item : learning.list("nodes")) {
      if (item instanceof JsonObject node) {
        table.row(
            node.string("id"),
            String.valueOf(node.integer("boots")),
            String.valueOf(node.integer("entries")),
            String.valueOf(node.integer("brought")),
            String.valueOf(node.integer("unusable")),
            node.integer("at_ms") == 0 ? "never" : seconds(node.integer("at_ms")),
            node.string("problem"));
      }
    }
    for (String id : learning.strings("nothing_of")) {
      table.row(id, "0", "0", "0", "0", "never", "no evidence since the beginning (node resume?)");
    }
    output.line("");
    output.out().print(table);
  }

  private static String of(JsonObject nodes) {
    return Stream.of(
            nodes.optionalString("users_of").map(name -> "users of " + name),
            nodes.optionalString("group").map(name -> "group " + name),
            nodes.has("nodes")
                ? Optional.of(String.join(" ", nodes.strings("nodes")))
                : Optional.<String>empty())
        .flatMap(Optional::stream)
        .reduce((a, b) -> a + ", " + b)
        .orElse("");
  }

  private static void line(Output output, String word, String text) {
    output.line("%-12s %s".formatted(word, Encoding.printable(text, 1000)));
  }

  private static String seconds(long at) {
    return Instant.ofEpochMilli(at).truncatedTo(ChronoUnit.SECONDS).toString();
  }
}
