package io.limestone.cli.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.keylime.AgentStatus;
import io.limestone.keylime.OperationalState;
import io.limestone.wire.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ExplanationTest {
  private static final Instant NOW = Instant.ofEpochSecond(10_000);

  private static AgentStatus status(OperationalState state, long lastGood, String eventId) {
    return AgentStatus.fromJson(
        new JsonObject(
            Map.of(
                "accept_tpm_hash_algs",
                List.of(),
                "accept_tpm_encryption_algs",
                List.of(),
                "accept_tpm_signing_algs",
                List.of(),
                "operational_state",
                (long) state.number(),
                "last_successful_attestation",
                lastGood,
                "last_event_id",
                eventId,
                "attestation_period",
                "2s",
                "maximum_attestation_interval",
                "10s")));
  }

  private static List<Explanation> of(AgentStatus status) {
    return Explanation.of(Optional.empty(), status, Standing.of(status, NOW), NOW);
  }

  @Test
  void aNodeThatHasFallenSilentIsToldOfWithWhatToDo() {
    AgentStatus silent = status(OperationalState.GET_QUOTE_RETRY, 9_700, "");
    assertThat(of(silent))
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.eventId()).isEmpty();
              assertThat(it.found()).contains("5 min ago");
              assertThat(it.expected()).isEqualTo("one every 2s");
              assertThat(it.remedy()).contains("agent run", "port");
            });
    assertThat(ListNodes.problem(silent, Standing.of(silent, NOW), NOW))
        .isEqualTo("no answer, the last one 5 min ago");
  }

  @Test
  void aTrustedOrNewNodeHasNothingToExplain() {
    assertThat(of(status(OperationalState.GET_QUOTE, 9_999, ""))).isEmpty();
    assertThat(of(status(OperationalState.START, 0, ""))).isEmpty();
  }

  @Test
  void aFailureComesBeforeSilence() {
    AgentStatus failed = status(OperationalState.FAILED, 9_000, "ima.pcr_mismatch.x");
    assertThat(of(failed))
        .singleElement()
        .satisfies(it -> assertThat(it.check()).contains("PCR 10"));
    assertThat(ListNodes.problem(failed, Standing.of(failed, NOW), NOW))
        .isEqualTo("ima.pcr_mismatch.x");
  }
}
