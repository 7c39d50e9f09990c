package io.limestone.appraisal;

import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random histories of a node by a model of the kernel's measuring. Honest ones are always trusted,
 * and each tampering with the list is not, whatever the policy. A failure names its seed; {@code
 * -Dlimestone.histories=N} sets how many there are, {@code -Dlimestone.seed=S} the first.
 *
 * <p>Not among the tamperings, since no PCR knows of it: the name in a violation entry.
 */
class ImaHistoriesTest {
  private static final int HISTORIES = Integer.getInteger("limestone.histories", 2000);
  private static final long SEED = Long.getLong("limestone.seed", 20261126L);

  @Test
  void honestHistoriesAreTrustedAndTamperedListsNever() {
    long seed = SEED;
    try {
      for (; seed < SEED + HISTORIES; seed++) {
        new ImaHistory(new Random(seed)).run();
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("run again with -Dlimestone.seed=" + seed, e);
    }
  }
}
