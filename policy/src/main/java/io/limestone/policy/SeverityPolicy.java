package io.limestone.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Which severity each event id has (verifier-api §5.1): the first rule whose expression matches the
 * whole id decides. No rule, or an irrecoverable event, means the highest severity.
 */
public final class SeverityPolicy {
  /** The labels of Keylime's configuration, mildest first. */
  public static final List<String> LABELS =
      List.of("info", "notice", "warning", "error", "critical", "alert", "emergency");

  /** Every failure is an emergency. */
  public static final SeverityPolicy STRICT = new SeverityPolicy(LABELS, List.of());

  private record Rule(Pattern eventId, Severity severity) {}

  private final List<String> labels;
  private final List<Rule> rules;

  private SeverityPolicy(List<String> labels, List<Rule> rules) {
    this.labels = List.copyOf(labels);
    this.rules = List.copyOf(rules);
  }

  /**
   * The policy of {@code rules}, a JSON list of {@code {"event_id": expression, "severity_label":
   * label}}; expressions are RE2's.
   *
   * @param labels mildest first, not empty
   * @throws MalformedException naming the rule that is wrong: a label that does not exist is
   *     refused, not taken as the highest
   */
  public static SeverityPolicy parse(List<String> labels, String rules) {
    if (labels.isEmpty()) {
      throw new MalformedException("severity_labels is empty");
    }
    if (!(Json.value(rules.getBytes(StandardCharsets.UTF_8)) instanceof List<?> items)) {
      throw new MalformedException("severity_policy is not a list");
    }
    List<Rule> parsed = new ArrayList<>();
    for (Object item : items) {
      parsed.add(rule(labels, item, "severity_policy[" + parsed.size() + "]"));
    }
    return new SeverityPolicy(labels, parsed);
  }

  private static Rule rule(List<String> labels, Object item, String place) {
    if (!(item instanceof JsonObject rule)) {
      throw new MalformedException(place + " is not an object");
    }
    try {
      String label = rule.string("severity_label");
      int level = labels.indexOf(label);
      if (level < 0) {
        throw new MalformedException(
            "severity_label " + Encoding.printable(label, 40) + " is not one of " + labels);
      }
      return new Rule(Pattern.compile(rule.string("event_id")), new Severity(level, label));
    } catch (PatternSyntaxException e) {
      throw new MalformedException(place + ": event_id: " + e.getDescription(), e);
    } catch (MalformedException e) {
      throw e.in(place);
    }
  }

  /** The severity of an event; irrecoverable ones have the highest. */
  public Severity of(String eventId, boolean recoverable) {
    if (recoverable) {
      for (Rule rule : rules) {
        if (rule.eventId.matches(eventId)) {
          return rule.severity;
        }
      }
    }
    return highest();
  }

  public Severity highest() {
    return new Severity(labels.size() - 1, labels.getLast());
  }
}
