package io.limestone.tpm;

import java.util.Optional;

/**
 * Time of one TPM only goes forward: an older clock is an older or another TPM, or one that was
 * rolled back. With {@code safe} set, Clock never repeats a value, over resets too; restartCount
 * starts again at 0 when resetCount grows.
 */
public final class ClockRule {
  private ClockRule() {}

  /** Why a quote with {@code now} is not trusted on its own, if so. */
  public static Optional<String> refuse(ClockInfo now) {
    return now.safe()
        ? Optional.empty()
        : Optional.of("the TPM says that its clock may have gone back (safe is 0)");
  }

  /** Why {@code now} cannot follow {@code before} on the same TPM, if so. */
  public static Optional<String> refuse(ClockInfo before, ClockInfo now) {
    Optional<String> unsafe = refuse(now);
    if (unsafe.isPresent()) {
      return unsafe;
    }
    if (now.resetCount() < before.resetCount()) {
      return backwards("resetCount", before.resetCount(), now.resetCount());
    }
    if (now.resetCount() == before.resetCount() && now.restartCount() < before.restartCount()) {
      return backwards("restartCount", before.restartCount(), now.restartCount());
    }
    if (Long.compareUnsigned(now.clock(), before.clock()) <= 0) {
      return backwards("clock", before.clock(), now.clock());
    }
    return Optional.empty();
  }

  private static Optional<String> backwards(String counter, long before, long now) {
    return Optional.of(
        "%s went from %s to %s"
            .formatted(counter, Long.toUnsignedString(before), Long.toUnsignedString(now)));
  }
}
