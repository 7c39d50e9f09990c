package io.limestone.server.nodes;

import java.time.Instant;
import java.util.Optional;

/**
 * Counters of a node since it was enrolled.
 *
 * @param attestations trusted verdicts
 * @param lastReceived when evidence was last judged, good or bad
 * @param lastSuccess when a verdict was last trusted
 * @param hashAlg as the last evidence declared it; empty before the first; {@code encAlg}, {@code
 *     signAlg} likewise
 */
public record Tally(
    long attestations,
    Optional<Instant> lastReceived,
    Optional<Instant> lastSuccess,
    String hashAlg,
    String encAlg,
    String signAlg) {
  public static final Tally NONE = new Tally(0, Optional.empty(), Optional.empty(), "", "", "");

  Tally judged(boolean trusted, Algorithms declared, Instant now) {
    return new Tally(
        attestations + (trusted ? 1 : 0),
        Optional.of(now),
        trusted ? Optional.of(now) : lastSuccess,
        declared.hash(),
        declared.encryption(),
        declared.signing());
  }

  /** What evidence declares of its algorithms. */
  public record Algorithms(String hash, String encryption, String signing) {}
}
