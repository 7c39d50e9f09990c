package io.limestone.evidence.boot;

import io.limestone.evidence.PcrReplay;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A TCG event log (PC Client Platform Firmware Profile §10): what firmware and boot loaders
 * measured.
 *
 * @param header of a crypto-agile log; empty for the other forms
 * @param banks the algorithms that the log is of, as far as they are known here
 * @param events in the order of the log, without the header
 * @param startupLocality where TPM2_Startup came from, with which PCR 0 starts: 0; 3; 4 with an
 *     H-CRTM
 */
public record BootLog(
    Form form,
    Optional<SpecId> header,
    Set<HashAlg> banks,
    List<BootEvent> events,
    int startupLocality) {
  public BootLog {
    banks = Set.copyOf(banks);
    events = List.copyOf(events);
  }

  private static final int MAX_BYTES = 8 << 20;

  /** How a log is written down. */
  public enum Form {
    /** TCG_PCR_EVENT2 behind a Spec ID event: what TPM 2.0 firmware writes. */
    CRYPTO_AGILE,
    /** TCG_PCR_EVENT: the old form, SHA-1 only. */
    SHA1,
    /** Canonical Event Log, as type, length and value. */
    CEL_TLV,
    /** Canonical Event Log in JSON: a list, or one record after another (RFC 7464). */
    CEL_JSON
  }

  /**
   * TCG_EfiSpecIDEvent, the first event of a crypto-agile log.
   *
   * @param platformClass 0 client, 1 server
   * @param uintnSize 1 for 32-bit firmware, 2 for 64-bit
   * @param digestSizes bytes by TPM_ALG_ID, known here or not, in the order of the header
   */
  public record SpecId(
      long platformClass,
      int versionMajor,
      int versionMinor,
      int errata,
      int uintnSize,
      Map<Integer, Integer> digestSizes,
      Bytes vendorInfo) {}

  /**
   * Reads a log. Data of an event that has not the form of its type does not make it unreadable:
   * see {@link BootPayload.Unparsed}.
   *
   * @throws MalformedException if it is none, is too large, or breaks off
   */
  public static BootLog parse(Bytes log) {
    if (log.isEmpty()) {
      throw new MalformedException("an empty event log");
    }
    if (log.size() > MAX_BYTES) {
      throw new MalformedException("event log of " + log.size() + " bytes, more than " + MAX_BYTES);
    }
    if (CelJson.looksLike(log)) {
      return CelJson.parse(log);
    }
    return CelTlv.looksLike(log) ? CelTlv.parse(log) : new BootLogParser(log).parse();
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

  /** Every event as one bank knows it, in order, with what its digest proves of its data. */
  public List<MeasuredEvent> measured(HashAlg bank) {
    return events.stream().map(event -> MeasuredEvent.of(event, bank)).toList();
  }

  /**
   * What a kernel's IMA would measure first after this log: the digests over PCRs 0 to 7, and 0 to
   * 9 (Linux 5.8 and later), as far as the log has all of these PCRs in the bank.
   */
  public List<Bytes> bootAggregates(HashAlg bank) {
    Replay replay = replay(bank);
    List<Bytes> aggregates = new ArrayList<>();
    for (int count : new int[] {8, 10}) {
      SortedMap<Integer, Bytes> boot = replay.values().headMap(count);
      if (boot.size() == count && Collections.disjoint(replay.incomplete(), boot.keySet())) {
        aggregates.add(new PcrValues(bank, boot).digest());
      }
    }
    return aggregates;
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
