package io.limestone.appraisal;

import io.limestone.policy.Severity;
import io.limestone.policy.SeverityPolicy;
import io.limestone.wire.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One check that did not pass.
 *
 * @param eventId Keylime's id (verifier-api §5.2), misspellings included: users match on them
 * @param recoverable whether the other checks still mean something, and polling may go on
 * @param check what was checked, for people
 * @param found what there was; printable, bounded
 * @param expected what there should have been; printable, bounded
 * @param remedy what would make the check pass
 * @param context Keylime's event context
 */
public record Failure(
    String eventId,
    boolean recoverable,
    Severity severity,
    String check,
    String found,
    String expected,
    String remedy,
    JsonObject context) {

  private static final String SUMMARY = "further checks";

  /** The one that stands for all that are not told one by one. */
  static Failure summary(Failure last, long unsaid, SeverityPolicy severity) {
    return of(
        last.eventId,
        last.recoverable,
        severity,
        SUMMARY,
        unsaid + " more failures",
        "none",
        "deal with those listed first");
  }

  /** Whether this stands for failures that are not told one by one. */
  public boolean isSummary() {
    return check.equals(SUMMARY);
  }

  /** A failure whose context is made of the texts for people. */
  public static Failure of(
      String eventId,
      boolean recoverable,
      SeverityPolicy severity,
      String check,
      String found,
      String expected,
      String remedy) {
    Map<String, Object> context = new LinkedHashMap<>();
    context.put("message", check + ": " + found);
    context.put("got", found);
    context.put("expected", expected);
    return new Failure(
        eventId,
        recoverable,
        severity.of(eventId, recoverable),
        check,
        found,
        expected,
        remedy,
        new JsonObject(context));
  }
}
