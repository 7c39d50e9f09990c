package io.limestone.server.nodes;

import io.limestone.appraisal.Candidate;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ImaProgress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What policies that are only tried have found of a node since it booted, or since they are tried.
 *
 * @param label which policies, for people: {@code web version 3}
 * @param progress in the measurement list, with what they let the node do
 * @param failures what they would refuse; empty: they would trust the node
 */
public record Trial(String label, ImaProgress progress, List<Failure> failures) {
  private static final int MAX_FAILURES = 100;

  public Trial {
    failures = List.copyOf(failures);
  }

  public boolean passes() {
    return failures.isEmpty();
  }

  /** The first result, or one over a whole list. */
  public static Trial of(String label, Candidate.Result result) {
    return new Trial(label, result.progress(), result.failures());
  }

  /** This and what a further part of the list has shown. */
  public Trial and(Candidate.Result result) {
    if (result.whole()) {
      return of(label, result);
    }
    List<Failure> all = new ArrayList<>(failures);
    Set<String> known = new HashSet<>();
    failures.forEach(f -> known.add(f.eventId() + " " + f.found()));
    for (Failure failure : result.failures()) {
      if (all.size() < MAX_FAILURES && known.add(failure.eventId() + " " + failure.found())) {
        all.add(failure);
      }
    }
    return new Trial(label, result.progress(), all);
  }
}
