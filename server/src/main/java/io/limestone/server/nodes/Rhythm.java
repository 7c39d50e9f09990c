package io.limestone.server.nodes;

import java.time.Duration;
import java.util.Optional;

/**
 * When nodes are asked, and asked again (verifier-api.md §3.3).
 *
 * @param interval from one attestation to the next
 * @param retryInterval base of the waits before retries
 * @param maxRetries retries before a node counts as not reachable
 * @param exponential whether retry n waits retryInterval to the power of n seconds
 * @param unreachable how often a node that was not reached by all retries is asked; empty for never
 */
public record Rhythm(
    Duration interval,
    Duration retryInterval,
    int maxRetries,
    boolean exponential,
    Optional<Duration> unreachable) {
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);
  private static final Duration LEAST_FRESHNESS = Duration.ofSeconds(5);

  /** The wait before retry {@code n}, counted from 1; never more than an hour. */
  public Duration beforeRetry(int n) {
    double base = retryInterval.toNanos() / 1e9;
    if (!exponential || base <= 1) {
      return retryInterval;
    }
    double seconds = Math.min(Math.pow(base, n), (double) LONGEST_WAIT.toSeconds());
    return Duration.ofNanos((long) (seconds * 1e9));
  }

  /** How long a trusted verdict holds: five intervals, as Keylime reports it, but at least 5 s. */
  public Duration freshness() {
    Duration five = interval.multipliedBy(5);
    return five.compareTo(LEAST_FRESHNESS) < 0 ? LEAST_FRESHNESS : five;
  }
}
