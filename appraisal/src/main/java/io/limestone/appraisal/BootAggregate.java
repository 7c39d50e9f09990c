package io.limestone.appraisal;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.evidence.boot.BootLog;
import io.limestone.tpm.HashAlg;
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
  static final String NAME = "boot_aggregate";

  private BootAggregate() {}

  /**
   * What the kernel says it found in the boot PCRs against what the event log replays to, in the
   * bank of the kernel's digest, which need not be the quoted one: both tell of the same boot.
   */
  static void check(BootLog log, ImaSlice list, Findings findings) {
    ImaCursor first = new ImaCursor(list.text().head(ImaCursor.MAX_ENTRY), HashAlg.SHA1);
    if (list.firstEntry() != 0
        || !first.next()
        || first.kind() == ImaCursor.Kind.MALFORMED
        || !first.name().is(NAME)) {
      return; // a list that does not begin with it is the matter of step 5
    }
    Optional<HashAlg> bank = first.digestAlg().bank().filter(log.banks()::contains);
    List<Bytes> aggregates = bank.map(log::bootAggregates).orElse(List.of());
    Bytes found = first.digest().toBytes();
    if (aggregates.isEmpty()) {
      findings.note(
          "measured boot: the event log has not the bank of IMA's boot_aggregate, "
              + first.digestAlg().kernelName()
              + ": the two are not compared");
    } else if (!aggregates.contains(found)) {
      findings.fail(
          "measured_boot.boot_aggregate",
          "IMA's boot_aggregate is what the event log replays to",
          found.hex(),
          aggregates.getFirst().hex() + " (PCR 0 to 7 of the log), or PCR 0 to 9",
          "the event log and the measurement list are of two boots, or one was altered: reboot, and"
              + " if it stays, treat the node as compromised");
    }
  }

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
