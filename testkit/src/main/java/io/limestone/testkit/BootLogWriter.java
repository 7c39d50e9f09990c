package io.limestone.testkit;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.EventType;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Writes crypto-agile event logs: as an honest firmware would, or as whoever wants to look like one
 * does.
 */
public final class BootLogWriter {
  private static final int PLATFORM_CLIENT = 0;

  private final SortedSet<HashAlg> banks = new TreeSet<>();
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(long pcr, long code, Map<HashAlg, Bytes> digests, Bytes data) {}

  /** An empty log of these banks. */
  public BootLogWriter(HashAlg... banks) {
    this.banks.addAll(List.of(banks));
  }

  /** The events of a log, to be changed; its header is written anew. */
  public static BootLogWriter of(BootLog log) {
    BootLogWriter writer = new BootLogWriter(log.banks().toArray(HashAlg[]::new));
    for (BootEvent event : log.events()) {
      writer.entries.add(
          new Entry(event.pcr() & 0xffff_ffffL, event.code(), event.digests(), event.data()));
    }
    return writer;
  }

  /** An event whose digest is of its data. */
  public BootLogWriter event(int pcr, EventType type, Bytes data) {
    return event(pcr, type, data, data);
  }

  /** An event whose digest is of something else. */
  public BootLogWriter event(int pcr, EventType type, Bytes measured, Bytes data) {
    entries.add(new Entry(pcr, type.code(), digests(measured), data));
    return this;
  }

  /** Puts other data beside an event's digests: a forgery. */
  public BootLogWriter forge(int number, Bytes data) {
    Entry old = entries.get(number - 1);
    entries.set(number - 1, new Entry(old.pcr, old.code, old.digests, data));
    return this;
  }

  /** Lets an event have been another: what was measured, and the data that says so. */
  public BootLogWriter remeasure(int number, Bytes measured, Bytes data) {
    Entry old = entries.get(number - 1);
    entries.set(number - 1, new Entry(old.pcr, old.code, digests(measured), data));
    return this;
  }

  /** Calls an event another, of another PCR, and puts other data beside its digests. */
  public BootLogWriter relabel(int number, int pcr, long code, Bytes data) {
    entries.set(number - 1, new Entry(pcr, code, entries.get(number - 1).digests, data));
    return this;
  }

  public BootLogWriter drop(int number) {
    entries.remove(number - 1);
    return this;
  }

  public BootLogWriter repeat(int number) {
    entries.add(number, entries.get(number - 1));
    return this;
  }

  /** Exchanges an event and the one behind it. */
  public BootLogWriter swap(int number) {
    Collections.swap(entries, number - 1, number);
    return this;
  }

  private Map<HashAlg, Bytes> digests(Bytes measured) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    banks.forEach(bank -> digests.put(bank, bank.digest(measured)));
    return digests;
  }

  public Bytes bytes() {
    ByteWriter out = ByteWriter.littleEndian();
    Bytes spec = specId();
    out.u32(0).u32(EventType.EV_NO_ACTION.code()).bytes(HashAlg.SHA1.zeros());
    out.u32(spec.size()).bytes(spec);
    for (Entry entry : entries) {
      out.u32(entry.pcr).u32(entry.code).u32(entry.digests.size());
      entry.digests.forEach((bank, digest) -> out.u16(bank.id()).bytes(digest));
      out.u32(entry.data.size()).bytes(entry.data);
    }
    return out.toBytes();
  }

  private Bytes specId() {
    ByteWriter out = ByteWriter.littleEndian();
    out.bytes(Bytes.of("Spec ID Event03\0".getBytes(StandardCharsets.US_ASCII)));
    out.u32(PLATFORM_CLIENT).u8(0).u8(2).u8(0).u8(2).u32(banks.size());
    banks.forEach(bank -> out.u16(bank.id()).u16(bank.size()));
    return out.u8(0).toBytes();
  }
}
