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
import io.limestone.cli.rest.Verifier;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code limestone policy try}: who would fail, before anybody does. */
final class TryPolicy {
  private static final Option REPLACING =
      Option.value(
          "--accept-replaced",
          "NAME",
          "Files that this stored policy lists may have run until they were replaced, as with audit");
  private static final Option VERSION =
      Option.value("--version", "N", "Of the stored policy, instead of the one enforced");
  private static final int CAUSES_SHOWN = 50;

  private TryPolicy() {}

  static Leaf leaf() {
    return Leaf.of(
            "try",
            "Judges the last evidence of each node by a draft: who would fail.",
            TryPolicy::run)
        .operands(Operand.one("FILE|NAME", "a draft, JSON or DSSE; or a stored policy"))
        .options(NodesMeant.OPTIONS)
        .options(REPLACING, VERSION, PolicyCommands.KIND, PolicyCommands.KEY, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            Nothing is stored and nothing is asked of the nodes: the verifier judges again what
            they sent last, with the appraisal that it always uses. Causes are told once for all
            nodes that they concern. Exit code 1 if a node would fail or has no evidence.

            Examples:
              limestone policy try next.json --users-of web
              limestone policy try next.json --users-of web --accept-replaced web
              limestone policy try next.json --group staging
              limestone policy try web --version 3 --node web-1 --json
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    Map<String, Object> body = request(arguments);
    Verifier verifier = Connection.of(arguments, output).verifier();
    Sum sum = new Sum();
    boolean terminal =
        Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    Optional<String> next;
    do {
      Answer answer = verifier.tryPolicy(body);
      if (answer.status() == 400 || answer.status() == 401) {
        throw CommandFailed.because(answer.said());
      }
      JsonObject page = answer.expectSuccess("trying the policy");
      sum.add(page);
      next = page.optionalString("next");
      next.ifPresent(id -> body.put("after", id));
      if (terminal && next.isPresent()) {
        output.note(sum.judged() + " nodes judged, " + page.integer("left") + " to go");
      }
    } while (next.isPresent());
    if (arguments.has(Connection.JSON)) {
      output.json(sum.json());
    } else {
      sum.print(output);
    }
    return sum.fails == 0 && sum.unknown == 0 ? 0 : 1;
  }

  private static Map<String, Object> request(Arguments arguments) throws IOException {
    Map<String, Object> body = new LinkedHashMap<>();
    PolicyCommands.Kind kind = PolicyCommands.Kind.of(arguments);
    body.put("kind", kind.word());
    if (Files.exists(Path.of(arguments.operand(0))) && !arguments.has(VERSION)) {
      body.putAll(kind.upload(Path.of(arguments.operand(0)), arguments.path(PolicyCommands.KEY)));
    } else {
      body.put("stored", PolicyCommands.name(arguments));
      arguments.number(VERSION, 1, Integer.MAX_VALUE).ifPresent(n -> body.put("version", n));
    }
    body.putAll(NodesMeant.body(arguments));
    arguments.get(REPLACING).ifPresent(name -> body.put("replacing", name));
    return body;
  }

  /** The pages of an answer, put together. */
  private static final class Sum {
    private final Map<String, Cause> causes = new LinkedHashMap<>();
    private final List<String> failing = new ArrayList<>();
    private final List<String> without = new ArrayList<>();
    private Optional<Long> oldest = Optional.empty();
    private long passes;
    private long fails;
    private long unknown;
    private long unsaid;

    private record Cause(JsonObject failure, long count, List<String> nodes) {
      Cause and(Cause other) {
        List<String> all = new ArrayList<>(nodes);
        all.addAll(other.nodes);
        return new Cause(failure, count + other.count, all);
      }

      Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("count", count);
        json.put("nodes", nodes);
        json.put("failure", failure);
        return json;
      }

      String what() {
        return failure
            .optionalObject("context")
            .flatMap(context -> context.optionalString("path"))
            .or(() -> failure.optionalString("found"))
            .orElse("");
      }
    }

    void add(JsonObject page) {
      passes += page.integer("would_pass");
      fails += page.integer("would_fail");
      unknown += page.integer("no_evidence");
      unsaid += page.integer("causes_not_told");
      failing.addAll(page.strings("failing"));
      without.addAll(page.strings("without_evidence"));
      Optional<Long> at = page.optionalInteger("oldest_evidence_ms");
      oldest = oldest.filter(o -> at.isEmpty() || o <= at.get()).or(() -> at);
      for (Object item : page.list("causes")) {
        if (item instanceof JsonObject cause) {
          causes.merge(
              cause.string("cause"),
              new Cause(cause.object("failure"), cause.integer("count"), cause.strings("nodes")),
              Cause::and);
        }
      }
    }

    long judged() {
      return passes + fails + unknown;
    }

    private List<Cause> mostFirst() {
      return causes.values().stream().sorted(Comparator.comparing(c -> -c.count())).toList();
    }

    Map<String, @Nullable Object> json() {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("would_pass", passes);
      json.put("would_fail", fails);
      json.put("no_evidence", unknown);
      json.put("failing", failing);
      json.put("without_evidence", without);
      json.put("oldest_evidence_ms", oldest.orElse(null));
      json.put("causes", mostFirst().stream().map(Cause::json).toList());
      json.put("causes_not_told", unsaid);
      return json;
    }

    void print(Output output) {
      output.line(
          passes
              + " nodes would pass, "
              + fails
              + " would fail, of "
              + unknown
              + " no evidence is kept"
              + oldest.map(at -> "; the oldest evidence is of " + seconds(at)).orElse(""));
      if (!causes.isEmpty()) {
        Table table = Table.of("NODES", "CHECK", "WHAT", "FOR EXAMPLE");
        mostFirst().stream()
            .limit(CAUSES_SHOWN)
            .forEach(
                cause ->
                    table.row(
                        String.valueOf(cause.count()),
                        cause.failure().string("event_id"),
                        cause.what(),
                        String.join(" ", cause.nodes().stream().limit(3).toList())));
        output.out().print(table);
      }
      if (causes.size() > CAUSES_SHOWN || unsaid > 0) {
        output.line("and further causes; --json has up to 1000 for each part of the answer");
      }
      if (!without.isEmpty()) {
        output.line("no evidence: " + Encoding.printable(String.join(" ", without), 1000));
      }
    }

    private static String seconds(long at) {
      return Instant.ofEpochMilli(at).truncatedTo(ChronoUnit.SECONDS).toString();
    }
  }
}
