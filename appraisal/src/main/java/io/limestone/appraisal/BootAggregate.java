package io.limestone.appraisal;

import io.limestone.evidence.FileDigest;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What the kernel measures first: a digest over the boot PCRs, 0 to 7, or since Linux 5.8 and for
 * other banks than SHA-1, 0 to 9 (measured-boot §6).
 */
final class BootAggregate {
  private BootAggregate() {}

  /**
   * The aggregates of the quoted values; none if the boot PCRs are not quoted, or not in the bank
   * of the entry's digest.
   */
  static List<Bytes> of(PcrValues quoted, FileDigest alg) {
    List<Bytes> aggregates = new ArrayList<>();
    if (alg.bank().equals(Optional.of(quoted.bank()))) {
      for (int count : new int[] {8, 10}) {
        SortedMap<Integer, Bytes> boot = quoted.values().headMap(count);
        if (boot.size() == count) {
          aggregates.add(new PcrValues(quoted.bank(), boot).digest());
        }
      }
    }
    return aggregates;
  }
}
