package io.limestone.server.verifier;

import io.limestone.keylime.AgentStatus;
import io.limestone.keylime.AttestationStatus;
import io.limestone.server.nodes.Health;
import io.limestone.server.nodes.Incident;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.nodes.Rhythm;
import io.limestone.server.nodes.Tally;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * A node as API 2.x shows it (verifier-api.md §2.2).
 *
 * @param ip where this verifier listens, for nodes whose enrolment does not say; so {@code port}
 */
record StatusView(String verifierId, String ip, int port, Rhythm rhythm, InstantSource clock) {

  AgentStatus status(Watched node) {
    Enrolled enrolled = node.enrolled();
    NodeState state = node.state();
    Tally tally = state.tally();
    long period = rhythm.interval().toSeconds();
    return new AgentStatus(
        Optional.of(state.operationalState()),
        enrolled.enrolment().ip(),
        enrolled.enrolment().port(),
        enrolled.enrolment().tpmPolicy(),
        enrolled.enrolment().metadata(),
        enrolled.bootPolicy().isPresent(),
        enrolled.runtimePolicy().isPresent(),
        enrolled.enrolment().accepted(),
        tally.hashAlg(),
        tally.encAlg(),
        tally.signAlg(),
        verifierId,
        Optional.of(enrolled.enrolment().verifierIp().orElse(ip)),
        Optional.of(enrolled.enrolment().verifierPort().orElse(port)),
        state.incident().map(incident -> (long) incident.severity()),
        state.incident().map(Incident::eventId),
        tally.attestations(),
        Optional.of(seconds(tally.lastReceived())),
        Optional.of(seconds(tally.lastSuccess())),
        outcome(state),
        period + "s",
        rhythm.interval().multipliedBy(5).toSeconds() + "s");
  }

  Health health(Watched node) {
    return Health.of(node.state(), rhythm, clock.instant());
  }

  /**
   * Keylime says PASS of every node that is polled. We say so only while a trusted verdict is
   * fresh: TIMEOUT once it is not.
   */
  private AttestationStatus outcome(NodeState state) {
    return switch (state.operationalState()) {
      case FAILED, INVALID_QUOTE, TENANT_FAILED -> AttestationStatus.FAIL;
      case REGISTERED, START, SAVED, TERMINATED -> AttestationStatus.PENDING;
      case GET_QUOTE, GET_QUOTE_RETRY, PROVIDE_V, PROVIDE_V_RETRY ->
          switch (Health.of(state, rhythm, clock.instant())) {
            case Health.Trusted t -> AttestationStatus.PASS;
            case Health.Untrusted u -> AttestationStatus.FAIL;
            case Health.Unknown u ->
                state.tally().attestations() == 0
                    ? AttestationStatus.PENDING
                    : AttestationStatus.TIMEOUT;
          };
    };
  }

  private static long seconds(Optional<Instant> at) {
    return at.map(Instant::getEpochSecond).orElse(0L);
  }
}
