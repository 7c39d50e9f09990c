package io.limestone.systemtest.parts;

import io.limestone.wire.JsonObject;
import java.time.Duration;
import org.awaitility.Awaitility;

/**
 * One enrolled node as the verifier's REST interface shows it; the same for Keylime's verifier and
 * ours.
 */
public record Node(Rest verifier, String id) {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int GET_QUOTE = 3;

  /** The status object, or why there is none. */
  public Rest.Answer answer() {
    return verifier.get("/v2.6/agents/" + id);
  }

  public JsonObject status() {
    Rest.Answer answer = answer();
    if (answer.status() != 200) {
      throw new AssertionError(answer.toString());
    }
    return answer.results();
  }

  public long attestations() {
    return status().integer("attestation_count");
  }

  public long state() {
    return status().integer("operational_state");
  }

  /** Waits until it has been attested {@code more} times more than now. */
  public void awaitAttestations(int more) {
    long before = attestations();
    Awaitility.await("attestations of " + this)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () ->
                org.assertj.core.api.Assertions.assertThat(attestations())
                    .as(status().toString())
                    .isGreaterThanOrEqualTo(before + more));
    org.assertj.core.api.Assertions.assertThat(state()).isEqualTo(GET_QUOTE);
  }

  /** Waits for an operational state (Keylime's number). */
  public void awaitState(int state) {
    Awaitility.await("state " + state + " of " + this)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(
            () ->
                org.assertj.core.api.Assertions.assertThat(state())
                    .as(status().toString())
                    .isEqualTo(state));
  }

  @Override
  public String toString() {
    return "node " + id;
  }
}
