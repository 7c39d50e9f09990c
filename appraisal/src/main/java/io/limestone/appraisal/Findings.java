package io.limestone.appraisal;

import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.boot.Outdated;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the checks of one appraisal have found so far. Bounded: a hostile log cannot fill it. */
final class Findings {
  private static final int MAX_FAILURES = 100;
  private static final int MAX_NOTES = 50;
  private static final int MAX_OUTDATED = 20;

  private final SeverityPolicy severity;
  private final int most;
  private final List<Failure> failures = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Outdated> outdated = new ArrayList<>();
  private long unsaid;
  private long notesUnsaid;
  private boolean more;

  Findings(SeverityPolicy severity) {
    this(severity, MAX_FAILURES);
  }

  Findings(SeverityPolicy severity, int mostFailures) {
    this.severity = severity;
    this.most = mostFailures;
  }

  /** A check that failed, after which the others still mean something. */
  void fail(String eventId, String check, String found, String expected, String remedy) {
    more = true;
    add(Failure.of(eventId, true, severity, check, found, expected, remedy));
  }

  /** As {@link #fail}, with Keylime's own context for the event. */
  void fail(
      String eventId,
      String check,
      String found,
      String expected,
      String remedy,
      Map<String, Object> context) {
    more |= !context.containsKey("rule");
    add(
        new Failure(
            eventId,
            true,
            severity.of(eventId, true),
            check,
            found,
            expected,
            remedy,
            new JsonObject(context)));
  }

  /** A check after whose failure nothing else means anything. */
  void failForGood(String eventId, String check, String found, String expected, String remedy) {
    more = true;
    add(Failure.of(eventId, false, severity, check, found, expected, remedy));
  }

  private void add(Failure failure) {
    if (failures.size() < most) {
      failures.add(failure);
    } else {
      unsaid++;
    }
  }

  /** Something not checked, or let pass, that people should know. */
  void note(String text) {
    if (notes.size() < MAX_NOTES) {
      notes.add(text);
    } else {
      notesUnsaid++;
    }
  }

  /** Something that is accepted for a limited time only. */
  void outdated(Outdated one) {
    if (outdated.size() < MAX_OUTDATED) {
      outdated.add(one);
    }
  }

  List<Outdated> outdated() {
    return List.copyOf(outdated);
  }

  /** Whether further failures are only counted. */
  boolean full() {
    return failures.size() == most;
  }

  boolean failed() {
    return !failures.isEmpty();
  }

  /**
   * Whether anything failed besides entries of a sound list that the runtime policy does not allow:
   * of those each says in its context by which {@code rule}.
   */
  boolean failedOtherwise() {
    return more;
  }

  List<Failure> failures() {
    if (unsaid == 0) {
      return List.copyOf(failures);
    }
    List<Failure> all = new ArrayList<>(failures);
    all.add(Failure.summary(failures.getLast(), unsaid, severity));
    return all;
  }

  List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    if (notesUnsaid > 0) {
      all.add(notesUnsaid + " more notes");
    }
    return all;
  }
}
