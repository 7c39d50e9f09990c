package io.limestone.server.nodes;

import io.limestone.appraisal.AttestationState;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.OperationalState;
import io.limestone.policy.boot.Outdated;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Everything that changes about a node, as a value.
 *
 * @param cycle number of the request begun last; an answer to an older one is not heard
 * @param trust what the last verdict said
 * @param since when {@code trust} became what it is
 * @param version of the node's REST interface
 * @param incident the last failure and the worst severity since enrolment
 * @param alarmed the highest severity told since the last trusted verdict; -1 for none
 * @param keyWithV SHA-256 (hex) of the transport key that V was released to
 * @param basis names everything that {@code appraisal} was judged by; empty: not known
 * @param trial what policies that are only tried found with the same basis
 * @param outdated what the node booted that is accepted for a limited time only, by the last
 *     trusted verdict
 */
public record NodeState(
    Phase phase,
    long cycle,
    Trust trust,
    Instant since,
    ApiVersion version,
    Ask ask,
    Tally tally,
    Optional<Incident> incident,
    int alarmed,
    AttestationState appraisal,
    Optional<String> keyWithV,
    String basis,
    Optional<Trial> trial,
    List<Outdated> outdated) {
  public NodeState {
    outdated = List.copyOf(outdated);
  }

  /** A node just enrolled: due now, nothing known of it. */
  public static NodeState enrolled(ApiVersion version, Instant now) {
    return new NodeState(
        new Phase.Waiting(Phase.Task.ATTEST, 0, now),
        0,
        Trust.UNKNOWN,
        now,
        version,
        Ask.WITH_KEY,
        Tally.NONE,
        Optional.empty(),
        -1,
        AttestationState.NONE,
        Optional.empty(),
        "",
        Optional.empty(),
        List.of());
  }

  /** The state that Keylime would show. */
  public OperationalState operationalState() {
    return switch (phase) {
      case Phase.Halted(OperationalState state) -> state;
      case Phase.Terminating t -> OperationalState.TERMINATED;
      case Phase.Waiting(Phase.Task task, int tries, Instant due) -> asking(task);
      case Phase.Asking(Phase.Task task, int tries) -> asking(task);
    };
  }

  private OperationalState asking(Phase.Task task) {
    if (task == Phase.Task.RELEASE_V) {
      return OperationalState.PROVIDE_V;
    }
    if (task == Phase.Task.FIND) {
      return OperationalState.FAILED;
    }
    if (trust == Trust.UNTRUSTED) {
      return OperationalState.INVALID_QUOTE;
    }
    return cycle == 0 ? OperationalState.START : OperationalState.GET_QUOTE;
  }

  NodeState in(Phase next) {
    return new NodeState(
        next, cycle, trust, since, version, ask, tally, incident, alarmed, appraisal, keyWithV,
        basis, trial, outdated);
  }

  NodeState begun(Phase next) {
    return new NodeState(
        next, cycle + 1, trust, since, version, ask, tally, incident, alarmed, appraisal, keyWithV,
        basis, trial, outdated);
  }

  NodeState trust(Trust next, Instant now) {
    return new NodeState(
        phase,
        cycle,
        next,
        next == trust ? since : now,
        version,
        ask,
        tally,
        incident,
        alarmed,
        appraisal,
        keyWithV,
        basis,
        trial,
        outdated);
  }

  NodeState version(ApiVersion next) {
    return new NodeState(
        phase, cycle, trust, since, next, ask, tally, incident, alarmed, appraisal, keyWithV, basis,
        trial, outdated);
  }

  NodeState ask(Ask next) {
    return new NodeState(
        phase, cycle, trust, since, version, next, tally, incident, alarmed, appraisal, keyWithV,
        basis, trial, outdated);
  }

  NodeState tally(Tally next) {
    return new NodeState(
        phase, cycle, trust, since, version, ask, next, incident, alarmed, appraisal, keyWithV,
        basis, trial, outdated);
  }

  NodeState incident(Incident next, int told) {
    return new NodeState(
        phase,
        cycle,
        trust,
        since,
        version,
        ask,
        tally,
        Optional.of(next),
        told,
        appraisal,
        keyWithV,
        basis,
        trial,
        outdated);
  }

  NodeState alarmed(int told) {
    return new NodeState(
        phase, cycle, trust, since, version, ask, tally, incident, told, appraisal, keyWithV, basis,
        trial, outdated);
  }

  NodeState appraisal(AttestationState next) {
    return new NodeState(
        phase, cycle, trust, since, version, ask, tally, incident, alarmed, next, keyWithV, basis,
        trial, outdated);
  }

  NodeState keyWithV(String hash) {
    return new NodeState(
        phase,
        cycle,
        trust,
        since,
        version,
        ask,
        tally,
        incident,
        alarmed,
        appraisal,
        Optional.of(hash),
        basis,
        trial,
        outdated);
  }

  NodeState judged(String by, Optional<Trial> tried) {
    return new NodeState(
        phase, cycle, trust, since, version, ask, tally, incident, alarmed, appraisal, keyWithV, by,
        tried, outdated);
  }

  NodeState outdated(List<Outdated> now) {
    return new NodeState(
        phase, cycle, trust, since, version, ask, tally, incident, alarmed, appraisal, keyWithV,
        basis, trial, now);
  }

  /** This after an answer whose consequences could not be kept: not trusted, due again. */
  public NodeState lost(Instant now, Instant due) {
    return trust(Trust.UNKNOWN, now)
        .ask(Ask.WITH_KEY)
        .in(new Phase.Waiting(Phase.Task.ATTEST, 0, due));
  }
}
