package io.limestone.evidence;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A crypto-agile TCG event log (PC Client Platform Firmware Profile §10): what firmware and boot
 * loaders measured.
 *
 * @param banks the algorithms that the log's header lists, as far as they are known here
 * @param events in the order of the log, without the header
 * @param startupLocality 0, or 3 or 4 if an event says so; PCR 0 starts with it
 */
public record BootLog(Set<HashAlg> banks, List<BootEvent> events, int startupLocality) {
  public BootLog {
    banks = Set.copyOf(banks);
    events = List.copyOf(events);
  }

  /**
   * Reads a log.
   *
   * @throws io.limestone.wire.MalformedException if it is not one, is not crypto-agile, is too
   *     large, or breaks off
   */
  public static BootLog parse(Bytes log) {
    return new BootLogParser(log).parse();
  }

  /**
   * PCR values after the log, of one bank.
   *
   * @param values of the PCRs that events extended
   * @param incomplete PCRs with events that have no digest for the bank: their value is not known
   */
  public record Replay(SortedMap<Integer, Bytes> values, Set<Integer> incomplete) {}

  /** Replays the log into one bank. Digests are taken as they are. */
  public Replay replay(HashAlg bank) {
    SortedMap<Integer, PcrReplay> pcrs = new TreeMap<>();
    Set<Integer> incomplete = new TreeSet<>();
    for (BootEvent event : events) {
      if (!event.isExtended()) {
        continue;
      }
      Bytes digest = event.digests().get(bank);
      if (digest == null) {
        incomplete.add(event.pcr());
      } else {
        pcrs.computeIfAbsent(event.pcr(), pcr -> new PcrReplay(bank, start(bank, pcr)))
            .extend(digest.toArray(), 0);
      }
    }
    SortedMap<Integer, Bytes> values = new TreeMap<>();
    for (Map.Entry<Integer, PcrReplay> pcr : pcrs.entrySet()) {
      values.put(pcr.getKey(), pcr.getValue().value());
    }
    return new Replay(values, incomplete);
  }

  /** A PCR at startup: zeros; 17 to 22 ones; PCR 0 ends in the locality of TPM2_Startup. */
  private Bytes start(HashAlg bank, int pcr) {
    byte[] value = new byte[bank.size()];
    if (pcr >= 17 && pcr <= 22) {
      Arrays.fill(value, (byte) 0xff);
    } else if (pcr == 0) {
      value[value.length - 1] = (byte) startupLocality;
    }
    return Bytes.of(value);
  }
}
