package io.limestone.cli.node;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.AgentStatus;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.OperationalState;
import io.limestone.server.nodes.PolicyUse;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code limestone node show}. */
final class ShowNode {
  static final Option REQUIRE_TRUSTED =
      Option.flag("--require-trusted", "Exit code 1 unless the node is trusted now");

  static final Option TIMELINE = Option.flag("--timeline", "All that changed, not only lately");

  private static final int SHOWN = 10;

  private ShowNode() {}

  static int run(Arguments arguments, Output output) throws IOException, InterruptedException {
    NodeId id = NodeId.parse(arguments.operand(0));
    Verifier verifier = Connection.of(arguments, output).verifier();
    Optional<JsonObject> found = verifier.status(id);
    if (found.isEmpty()) {
      throw CommandFailed.because(
          id
              + " is not enrolled. `limestone node add "
              + id
              + "` enrols it once it is registered.");
    }
    AgentStatus status = AgentStatus.fromJson(found.get());
    Instant now = Instant.now();
    Standing standing = Standing.of(status, now);
    boolean good = standing.word() == Standing.Word.TRUSTED;
    Optional<JsonObject> told = verifier.explanation(id);
    List<Explanation> why = good ? List.of() : Explanation.of(told, status, standing, now);
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> json = json(status, standing);
      json.put("failures", why.stream().map(Explanation::toJson).toList());
      told.ifPresent(explanation -> json.put("explanation", explanation));
      output.json(json);
    } else {
      print(output, id, status, standing, judgedBy(status, told), now);
      told.flatMap(explanation -> explanation.optionalString("v"))
          .ifPresent(v -> line(output, "payload key", v));
      told.map(ListNodes::outdated)
          .orElse(List.of())
          .forEach(old -> line(output, "outdated", "accepted only " + old));
      printFailures(output, why);
      told.flatMap(OnTrial::of).ifPresent(trial -> trial.print(output));
      told.ifPresent(explanation -> printTimeline(output, explanation, arguments));
    }
    return arguments.has(REQUIRE_TRUSTED) && !good ? 1 : 0;
  }

  /** Keylime's status object with our word for it; V is never in it. */
  static Map<String, Object> json(AgentStatus status, Standing standing) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("standing", standing.word().toString());
    json.putAll(status.toJson().members());
    return json;
  }

  private static void print(
      Output output,
      NodeId id,
      AgentStatus status,
      Standing standing,
      String judgedBy,
      Instant now) {
    line(output, "node", id.value());
    line(
        output,
        "state",
        standing.word()
            + status
                .state()
                .map(OperationalState::words)
                .map(words -> " (" + words + ")")
                .orElse(" (pushes)"));
    line(output, "last good", standing.age(now));
    line(
        output,
        "attested",
        status.attestationCount() + " times, every " + status.attestationPeriod());
    status.ip().ifPresent(ip -> line(output, "address", ip + ":" + status.port().orElse(0)));
    if (!status.hashAlg().isEmpty()) {
      line(
          output,
          "algorithms",
          status.hashAlg() + ", " + status.encAlg() + ", " + status.signAlg());
    }
    line(output, "judged by", judgedBy);
  }

  private static void printTimeline(Output output, JsonObject explanation, Arguments arguments) {
    if (!explanation.has("timeline")) {
      return;
    }
    List<?> timeline = explanation.list("timeline");
    int first = arguments.has(TIMELINE) ? 0 : Math.max(0, timeline.size() - SHOWN);
    output.line("");
    for (Object item : timeline.subList(first, timeline.size())) {
      if (item instanceof JsonObject change) {
        output.line(
            Instant.ofEpochMilli(change.integer("at_ms"))
                + "  "
                + Encoding.printable(change.optionalString("text").orElse(""), 500));
      }
    }
  }

  static void printFailures(Output output, List<Explanation> why) {
    for (Explanation one : why) {
      output.line("");
      line(
          output,
          "failed",
          one.eventId() + (one.severity().isEmpty() ? "" : ", " + one.severity()));
      line(output, "  check", one.check());
      line(output, "  found", one.found());
      line(output, "  expected", one.expected());
      line(output, "  remedy", one.remedy());
    }
  }

  /** By name and version where the verifier tells. */
  private static String judgedBy(AgentStatus status, Optional<JsonObject> told) {
    Map<String, String> versions = new HashMap<>();
    for (PolicyUse use : told.map(t -> PolicyUse.listed(t, "judged_by")).orElse(List.of())) {
      versions.put(
          use.kind(),
          " " + use.name() + " version " + use.version() + (use.canary() ? " (as a canary)" : ""));
    }
    StringBuilder text = new StringBuilder("identity");
    if (status.hasRuntimePolicy()) {
      text.append(", runtime policy").append(versions.getOrDefault("runtime", ""));
    }
    if (status.hasMbPolicy()) {
      text.append(", measured-boot policy").append(versions.getOrDefault("boot", ""));
    }
    return text.append(", TPM policy ").append(status.tpmPolicy()).toString();
  }

  static void line(Output output, String name, String value) {
    if (!value.isEmpty()) {
      output.line(
          name + " ".repeat(Math.max(1, 12 - name.length())) + Encoding.printable(value, 4000));
    }
  }
}
