package io.limestone.policy.boot;

import io.limestone.wire.Bytes;
import java.time.Instant;
import java.util.Optional;

/** What must be revoked on a machine, from a time on. */
sealed interface Demanded {
  Optional<Instant> from();

  /**
   * An entry that dbx must have.
   *
   * @param sha256 the hash; of a certificate, its SHA-256
   */
  record Revoked(Bytes sha256, Optional<Instant> from) implements Demanded {}

  /** The least generation of a component that SbatLevel must demand. */
  record Generation(String component, long level, Optional<Instant> from) implements Demanded {}

  /** Whether it is demanded already; where no time is given, it is. */
  default boolean isDue(Optional<Instant> now) {
    return from().isEmpty() || now.isEmpty() || !now.get().isBefore(from().get());
  }
}
