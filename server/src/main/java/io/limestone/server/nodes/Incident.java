package io.limestone.server.nodes;

import io.limestone.appraisal.Failure;
import java.time.Instant;
import java.util.List;

/**
 * Why a node is not trusted, or was not.
 *
 * @param severity of the worst failure since enrolment, as an index of the labels, lowest 0
 * @param eventId of that failure
 * @param at when the failures below were found
 * @param failures of the last evidence refused, or the one reason why there was none
 * @param by what that evidence was judged by; none where there was none
 */
public record Incident(
    int severity, String eventId, Instant at, List<Failure> failures, List<PolicyUse> by) {
  public Incident {
    failures = List.copyOf(failures);
    by = List.copyOf(by);
  }
}
