package io.limestone.server.nodes;

import io.limestone.appraisal.Candidate;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ImaProgress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What policies that are only tried have found of a node since it booted, or since they are tried.
 *
 * @param policies which
 * @param since when what they say of the node, good or bad, became what it is
 * @param progress in the measurement list, with what they let the node do
 * @param failures what they would refuse; empty: they would trust the node
 */
public record Trial(
    List<PolicyUse> policies, Instant since, ImaProgress progress, List<Failure> failures) {
  private static final int MAX_FAILURES = 100;

  public Trial {
    policies = List.copyOf(policies);
    failures = List.copyOf(failures);
  }

  public boolean passes() {
    return failures.isEmpty();
  }

  /** Which policies, for people. */
  public String label() {
    return PolicyUse.words(policies);
  }

  /** The first result, or one over a whole list. */
  public static Trial of(List<PolicyUse> policies, Candidate.Result result, Instant now) {
    return new Trial(policies, now, result.progress(), result.failures());
  }

  /** This and what a further part of the list has shown. */
  public Trial and(Candidate.Result result, Instant now) {
    List<Failure> all = new ArrayList<>(result.whole() ? List.of() : failures);
    Set<String> known = new HashSet<>();
    all.forEach(f -> known.add(f.eventId() + " " + f.found()));
    for (Failure failure : result.failures()) {
      if (all.size() < MAX_FAILURES && known.add(failure.eventId() + " " + failure.found())) {
        all.add(failure);
      }
    }
    return new Trial(policies, all.isEmpty() == passes() ? since : now, result.progress(), all);
  }
}
