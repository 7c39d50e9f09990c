package io.limestone.cli.demo;

import io.limestone.cli.args.Output;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What happened when, for people and, as JSON lines, for scripts. Times are those of the events,
 * not of when they were noticed.
 */
final class Timeline {
  private static final String GREEN = "\u001b[32m";
  private static final String RED = "\u001b[31m";
  private static final String FAINT = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  private final Instant start = Instant.now();
  private final Map<String, Long> events = new LinkedHashMap<>();
  private final Output output;
  private final boolean colours;
  private final Optional<Writer> json;

  Timeline(Output output, boolean colours, Optional<Writer> json) {
    this.output = output;
    this.colours = colours;
    this.json = json;
  }

  /** Something good happened just now. */
  void now(String event, String text) throws IOException {
    at(Instant.now(), event, text);
  }

  void at(Instant when, String event, String text) throws IOException {
    line(when, event, GREEN, "ok", text);
  }

  /** Something bad happened, as it should in this story. */
  void alarm(Instant when, String event, String text) throws IOException {
    line(when, event, RED, "!!", text);
  }

  /** Milliseconds between two events. */
  long between(String from, String to) {
    return events.getOrDefault(to, 0L) - events.getOrDefault(from, 0L);
  }

  private void line(Instant when, String event, String colour, String mark, String text)
      throws IOException {
    long ms = Math.max(0, Duration.between(start, when).toMillis());
    events.put(event, ms);
    String time = "%7d ms  ".formatted(ms);
    String printable = Encoding.printable(text, 300);
    output.line(
        colours
            ? FAINT + time + PLAIN + colour + mark + PLAIN + "  " + printable
            : time + mark + "  " + printable);
    output.out().flush();
    if (json.isPresent()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("event", event);
      one.put("ms", ms);
      one.put("text", printable);
      json.get().write(Json.text(one) + "\n");
      json.get().flush();
    }
  }
}
