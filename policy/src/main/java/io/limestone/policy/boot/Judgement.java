package io.limestone.policy.boot;

import java.util.List;
import java.util.Set;

/**
 * What a policy says of a log.
 *
 * @param objections empty: it accepts it
 * @param outdated what is accepted for a limited time only, the shortest first
 * @param used entries of the document that the log matches, as JSON Pointers
 */
public record Judgement(List<Objection> objections, List<Outdated> outdated, Set<String> used) {
  public static final Judgement ACCEPTED = new Judgement(List.of(), List.of(), Set.of());

  public Judgement {
    objections = List.copyOf(objections);
    outdated = outdated.stream().sorted().toList();
    used = Set.copyOf(used);
  }

  static Judgement refused(Objection objection) {
    return new Judgement(List.of(objection), List.of(), Set.of());
  }

  public boolean accepts() {
    return objections.isEmpty();
  }
}
