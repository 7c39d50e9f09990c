package io.limestone.server.nodes;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What people see, computed when it is read: a verdict that is not renewed in time decays to
 * unknown by itself, whatever else happens in the server.
 */
public sealed interface Health {
  /** The last verdict was trusted, and is {@code age} old. */
  record Trusted(Duration age) implements Health {}

  /** The last evidence was refused {@code age} ago. */
  record Untrusted(Duration age) implements Health {}

  /** Nothing is known; the last trusted verdict, if any, is {@code age} old. */
  record Unknown(Optional<Duration> age) implements Health {}

  static Health of(NodeState node, Rhythm rhythm, Instant now) {
    Optional<Duration> age = node.tally().lastSuccess().map(at -> since(at, now));
    return switch (node.trust()) {
      case UNTRUSTED -> new Untrusted(since(node.tally().lastReceived().orElse(node.since()), now));
      case UNKNOWN -> new Unknown(age);
      case TRUSTED ->
          age.filter(a -> a.compareTo(rhythm.freshness()) <= 0)
              .<Health>map(Trusted::new)
              .orElseGet(() -> new Unknown(age));
    };
  }

  /** {@code trusted}, {@code untrusted} or {@code unknown}. */
  default String word() {
    return switch (this) {
      case Trusted t -> "trusted";
      case Untrusted u -> "untrusted";
      case Unknown u -> "unknown";
    };
  }

  /** Never negative: where the clock was set back, a verdict from the future counts as that old. */
  private static Duration since(Instant at, Instant now) {
    return Duration.between(at, now).abs();
  }
}
