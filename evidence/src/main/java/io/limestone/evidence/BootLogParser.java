package io.limestone.evidence;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a crypto-agile event log by its grammar; every length is bounded. For one log. */
final class BootLogParser {
  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_EVENTS = 20_000;
  private static final int MAX_ALGORITHMS = 16;
  private static final byte[] SPEC_ID = ascii("Spec ID Event03\0");
  private static final byte[] STARTUP_LOCALITY = ascii("StartupLocality\0");
  private static final long NO_PCR = 0xffff_ffffL;

  private final ByteReader in;

  /** Digest sizes of the algorithms that the header lists, known here or not. */
  private final Map<Integer, Integer> sizes = new LinkedHashMap<>();

  private final Map<Integer, HashAlg> known = new LinkedHashMap<>();
  private final List<BootEvent> events = new ArrayList<>();
  private int locality;

  BootLogParser(Bytes log) {
    if (log.size() > MAX_BYTES) {
      throw new MalformedException("event log of " + log.size() + " bytes, more than " + MAX_BYTES);
    }
    this.in = log.littleEndian();
  }

  BootLog parse() {
    header();
    while (in.remaining() > 0) {
      event(events.size() + 1);
      if (events.size() > MAX_EVENTS) {
        throw new MalformedException("event log of more than " + MAX_EVENTS + " events");
      }
    }
    return new BootLog(Set.copyOf(known.values()), events, locality);
  }

  /** TCG_EfiSpecIDEvent in a TCG_PCR_EVENT of the old form. */
  private void header() {
    long pcr = in.u32("first event's PCR");
    long type = in.u32("first event's type");
    in.skip(20, "first event's digest");
    int size = in.bounded("first event's size", 4096);
    ByteReader spec = in.slice(size, "Spec ID event");
    if (type != BootEvent.NO_ACTION
        || pcr != 0
        || size < SPEC_ID.length
        || !Arrays.equals(spec.bytes(SPEC_ID.length, "signature"), SPEC_ID)) {
      throw new MalformedException(
          "unsupported log format: the first event is no Spec ID Event03 (SHA-1 only logs are not"
              + " read)");
    }
    spec.skip(8, "platform class, version and size of uintn");
    int count = spec.bounded("algorithm count", MAX_ALGORITHMS);
    for (int i = 0; i < count; i++) {
      algorithm(spec.u16("algorithm"), spec.u16("digest size"));
    }
    spec.skip(spec.u8("vendor info size"), "vendor info");
    spec.finish("Spec ID event");
    if (known.isEmpty()) {
      throw new MalformedException("unsupported log format: no known hash algorithm");
    }
  }

  private void algorithm(int id, int size) {
    if (size == 0 || size > 64 || sizes.put(id, size) != null) {
      throw new MalformedException("Spec ID event: algorithm 0x%04x is wrong".formatted(id));
    }
    for (HashAlg alg : HashAlg.values()) {
      if (alg.id() == id) {
        if (alg.size() != size) {
          throw new MalformedException(
              "Spec ID event: digests of " + alg.keylimeName() + " do not have " + size + " bytes");
        }
        known.put(id, alg);
      }
    }
  }

  private void event(int number) {
    String where = "event " + number;
    long pcr = in.u32(where + " PCR");
    long type = in.u32(where + " type");
    Map<HashAlg, Bytes> digests = digests(where);
    int size = in.bounded(where + " size", in.remaining());
    Bytes data = Bytes.of(in.bytes(size, where + " data"));
    if (type == BootEvent.NO_ACTION && pcr == NO_PCR) {
      return; // Windows' trust point: belongs to no PCR
    }
    if (pcr > 23) {
      throw new MalformedException(where + " is of PCR " + pcr);
    }
    if (type != BootEvent.NO_ACTION && digests.isEmpty()) {
      throw new MalformedException(where + " has no digest");
    }
    if (type == BootEvent.NO_ACTION && pcr == 0) {
      startupLocality(where, data.toArray());
    }
    events.add(new BootEvent(number, (int) pcr, type, digests, data));
  }

  private Map<HashAlg, Bytes> digests(String where) {
    int count = in.bounded(where + " digest count", sizes.size());
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < count; i++) {
      int id = in.u16(where + " algorithm");
      Integer size = sizes.get(id);
      if (size == null || !seen.add(id)) {
        throw new MalformedException(
            where + ": algorithm 0x%04x is not in the header, or twice".formatted(id));
      }
      Bytes digest = Bytes.of(in.bytes(size, where + " digest"));
      HashAlg alg = known.get(id);
      if (alg != null) {
        digests.put(alg, digest);
      }
    }
    return digests;
  }

  private void startupLocality(String where, byte[] data) {
    if (data.length != STARTUP_LOCALITY.length + 1
        || !Arrays.equals(
            data, 0, STARTUP_LOCALITY.length, STARTUP_LOCALITY, 0, STARTUP_LOCALITY.length)) {
      return;
    }
    int value = data[STARTUP_LOCALITY.length];
    if (value != 0 && value != 3 && value != 4) {
      throw new MalformedException(where + ": startup locality " + value);
    }
    if (events.stream().anyMatch(event -> event.pcr() == 0 && event.isExtended())) {
      throw new MalformedException(where + ": startup locality after PCR 0 was extended");
    }
    locality = value;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
