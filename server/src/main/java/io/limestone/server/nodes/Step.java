package io.limestone.server.nodes;

import io.limestone.appraisal.Failure;
import io.limestone.keylime.RevocationNotice;
import java.util.List;
import java.util.Optional;

/**
 * What an occurrence led to.
 *
 * @param changes lines for the timeline, durable before anything else happens
 * @param alarm whom to tell, written together with the changes
 * @param removed whether the node is gone
 */
public record Step(NodeState next, List<Change> changes, Optional<Alarm> alarm, boolean removed) {
  public Step {
    changes = List.copyOf(changes);
  }

  /** Something for other parties to know. */
  public record Alarm(RevocationNotice.Type type, Failure failure) {}

  /** Whether it must be written now, rather than with the next batch. */
  public boolean durable() {
    return removed || alarm.isPresent() || !changes.isEmpty();
  }

  static Step to(NodeState next) {
    return new Step(next, List.of(), Optional.empty(), false);
  }

  static Step to(NodeState next, Change... changes) {
    return new Step(next, List.of(changes), Optional.empty(), false);
  }

  static Step gone(NodeState last) {
    return new Step(last, List.of(), Optional.empty(), true);
  }

  Step telling(RevocationNotice.Type type, Failure failure) {
    return new Step(next, changes, Optional.of(new Alarm(type, failure)), removed);
  }
}
