package io.limestone.cli.appraise;

import io.limestone.appraisal.Failure;
import io.limestone.cli.args.Output;
import io.limestone.wire.Encoding;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A failed check for people and for scripts. */
public final class FailureText {
  private FailureText() {}

  public static Map<String, Object> json(Failure failure) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("event_id", failure.eventId());
    json.put("severity", failure.severity().label());
    json.put("recoverable", failure.recoverable());
    json.put("check", failure.check());
    json.put("found", failure.found());
    json.put("expected", failure.expected());
    json.put("remedy", failure.remedy());
    json.put("context", failure.context());
    return json;
  }

  public static void print(Failure failure, Output output) {
    output.line("");
    output.line("  failed    " + failure.eventId() + ", " + failure.severity().label());
    for (Map.Entry<String, String> line :
        List.of(
            Map.entry("check", failure.check()),
            Map.entry("found", failure.found()),
            Map.entry("expected", failure.expected()),
            Map.entry("remedy", failure.remedy()))) {
      if (!line.getValue().isEmpty()) {
        output.line(
            "  "
                + line.getKey()
                + " ".repeat(10 - line.getKey().length())
                + Encoding.printable(line.getValue(), 4000));
      }
    }
  }
}
