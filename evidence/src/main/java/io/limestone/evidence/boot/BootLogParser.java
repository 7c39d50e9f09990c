package io.limestone.evidence.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads an event log by its grammar, crypto-agile or of the old form; every length is bounded. For
 * one log.
 */
final class BootLogParser {
  private static final int MAX_ALGORITHMS = 16;
  private static final Bytes SPEC_ID = Texts.ascii("Spec ID Event03\0");
  private static final Bytes ANY_SPEC_ID = Texts.ascii("Spec ID Event");

  private final Bytes log;
  private final ByteReader in;

  /** Digest sizes of the algorithms that the header lists, known here or not. */
  private final Map<Integer, Integer> sizes = new LinkedHashMap<>();

  private final Map<Integer, HashAlg> known = new LinkedHashMap<>();
  private final BootEvents events = new BootEvents();

  BootLogParser(Bytes log) {
    this.log = log;
    this.in = log.littleEndian();
  }

  BootLog parse() {
    Optional<BootLog.SpecId> header = isCryptoAgile() ? Optional.of(header()) : Optional.empty();
    if (header.isEmpty()) {
      known.put(HashAlg.SHA1.id(), HashAlg.SHA1);
    }
    while (in.remaining() > 0) {
      event(header.isPresent());
    }
    return new BootLog(
        header.isPresent() ? BootLog.Form.CRYPTO_AGILE : BootLog.Form.SHA1,
        header,
        Set.copyOf(known.values()),
        events.list(),
        events.locality());
  }

  /** Whether the first event is a Spec ID event; if not, all are of the old form. */
  private boolean isCryptoAgile() {
    ByteReader first = log.littleEndian();
    first.skip(4, "first event's PCR");
    long type = first.u32("first event's type");
    first.skip(20, "first event's digest");
    int size = first.bounded("first event's size", first.remaining());
    return type == EventType.EV_NO_ACTION.code()
        && size >= ANY_SPEC_ID.size()
        && first.value(ANY_SPEC_ID.size(), "first event's data").equals(ANY_SPEC_ID);
  }

  /** TCG_EfiSpecIDEvent in a TCG_PCR_EVENT of the old form. */
  private BootLog.SpecId header() {
    long pcr = in.u32("first event's PCR");
    in.skip(24, "first event's type and digest");
    int size = in.bounded("first event's size", 4096);
    ByteReader spec = in.slice(size, "Spec ID event");
    if (pcr != 0 || !spec.value(SPEC_ID.size(), "signature").equals(SPEC_ID)) {
      throw new MalformedException(
          "unsupported log format: the first event is another Spec ID than Event03");
    }
    long platformClass = spec.u32("platform class");
    int minor = spec.u8("version minor");
    int major = spec.u8("version major");
    int errata = spec.u8("errata");
    int uintnSize = spec.u8("size of uintn");
    int count = spec.bounded("algorithm count", MAX_ALGORITHMS);
    for (int i = 0; i < count; i++) {
      algorithm(spec.u16("algorithm"), spec.u16("digest size"));
    }
    Bytes vendorInfo = spec.value(spec.u8("vendor info size"), "vendor info");
    spec.finish("Spec ID event");
    if (known.isEmpty()) {
      throw new MalformedException("unsupported log format: no known hash algorithm");
    }
    return new BootLog.SpecId(
        platformClass, major, minor, errata, uintnSize, new LinkedHashMap<>(sizes), vendorInfo);
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

  private void event(boolean cryptoAgile) {
    String where = "event " + events.nextNumber();
    long pcr = in.u32(where + " PCR");
    long code = in.u32(where + " type");
    Map<HashAlg, Bytes> digests =
        cryptoAgile
            ? digests(where)
            : Map.of(HashAlg.SHA1, in.value(HashAlg.SHA1.size(), where + " digest"));
    int size = in.bounded(where + " size", in.remaining());
    events.add(pcr, code, digests, in.value(size, where + " data"));
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
      Bytes digest = in.value(size, where + " digest");
      HashAlg alg = known.get(id);
      if (alg != null) {
        digests.put(alg, digest);
      }
    }
    return digests;
  }
}
