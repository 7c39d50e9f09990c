package io.limestone.cli.node;

import io.limestone.cli.args.Output;
import io.limestone.server.nodes.PolicyUse;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What policies under audit have found of a node, as Limestone's verifier tells it: beside the
 * verdict, and never part of it.
 *
 * @param policies for people: {@code runtime policy web version 3}
 * @param since when it began to pass, or to fail
 * @param failures how many checks would fail; none: it would be trusted
 * @param first of them
 */
record OnTrial(
    JsonObject json, String policies, Instant since, long failures, Optional<JsonObject> first) {

  /** Of a node as the verifier tells it; nothing where no policy is tried on it. */
  static Optional<OnTrial> of(JsonObject node) {
    return node.optionalObject("candidate")
        .map(
            json ->
                new OnTrial(
                    json,
                    PolicyUse.words(PolicyUse.listed(json, "policies")),
                    Instant.ofEpochMilli(json.integer("since_ms")),
                    json.integer("failures"),
                    json.optionalObject("first")));
  }

  boolean fails() {
    return failures > 0;
  }

  /**
   * In one line: {@code would fail runtime policy web version 3: /usr/bin/x (2 checks, for 3 h)}.
   */
  String words(Instant now) {
    return "would fail "
        + policies
        + first.map(f -> ": " + where(f)).orElse("")
        + " ("
        + checks()
        + ", for "
        + Standing.length(Duration.between(since, now))
        + ")";
  }

  void print(Output output) {
    ShowNode.line(
        output,
        "under audit",
        policies
            + (fails()
                ? ": WOULD FAIL, " + checks() + ", since " + since + "; nothing is done about it"
                : ": would trust it, since " + since));
    List<?> all = json.has("all") ? json.list("all") : List.of();
    for (Object item : all.subList(0, Math.min(all.size(), 5))) {
      if (item instanceof JsonObject failure) {
        ShowNode.line(
            output, "  found", failure.string("found") + " (" + failure.string("event_id") + ")");
      }
    }
    if (all.size() > 5) {
      ShowNode.line(output, "", (all.size() - 5) + " more: --json tells them");
    }
  }

  private String checks() {
    return failures == 1 ? "1 check" : failures + " checks";
  }

  /** The file, or else what was checked. */
  private static String where(JsonObject failure) {
    return Encoding.printable(
        failure
            .optionalObject("context")
            .flatMap(context -> context.optionalString("path"))
            .orElseGet(() -> failure.string("check")),
        120);
  }
}
