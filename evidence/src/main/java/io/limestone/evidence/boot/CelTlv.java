package io.limestone.evidence.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The Canonical Event Log in its TLV encoding (TCG CEL 1.0 §5): each field is a type of one byte, a
 * length of four, most significant byte first, and a value. Read are records of PCRs; records of NV
 * indices are left out, as nothing here holds them against anything. Content that is not the PC
 * client's is kept unread.
 */
final class CelTlv {
  private static final int RECORD_NUMBER = 0;
  private static final int PCR = 1;
  private static final int NV_INDEX = 2;
  private static final int DIGESTS = 3;
  private static final int PC_CLIENT = 5;
  private static final int EVENT_TYPE = 0;
  private static final int EVENT_DATA = 1;

  /** No TCG_EVENTTYPE: content of another kind than the PC client's. */
  static final long OTHER_CONTENT = 0xffff_fffeL;

  private record Field(int type, ByteReader value) {}

  private CelTlv() {}

  /**
   * Whether a log begins with a record number, then a PCR or NV index. A log of another form begins
   * with a PCR of four bytes, an event type and a digest: its sixth to tenth byte differ.
   */
  static boolean looksLike(Bytes log) {
    try {
      ByteReader in = ByteReader.bigEndian(log.slice(0, Math.min(32, log.size())).toArray());
      Field first = field(in);
      int size = first.value.remaining();
      Field second = field(in);
      int next = second.value.remaining();
      return first.type == RECORD_NUMBER
          && (second.type == PCR || second.type == NV_INDEX)
          && size >= 1
          && size <= 8
          && next >= 1
          && next <= 8;
    } catch (MalformedException e) {
      return false;
    }
  }

  static BootLog parse(Bytes log) {
    ByteReader in = log.bigEndian();
    BootEvents events = new BootEvents();
    Set<HashAlg> banks = EnumSet.noneOf(HashAlg.class);
    while (in.remaining() > 0) {
      number(expect(in, RECORD_NUMBER, "record number"));
      Field handle = field(in);
      long index = number(handle.value);
      Map<HashAlg, Bytes> digests = digests(expect(in, DIGESTS, "digests"));
      Field content = field(in);
      if (handle.type == PCR) {
        banks.addAll(digests.keySet());
        add(events, index, digests, content);
      } else if (handle.type != NV_INDEX) {
        throw new MalformedException("CEL record: neither PCR nor NV index");
      }
    }
    if (banks.isEmpty()) {
      throw new MalformedException("CEL without a digest of a known algorithm");
    }
    return new BootLog(
        BootLog.Form.CEL_TLV, Optional.empty(), banks, events.list(), events.locality());
  }

  private static void add(BootEvents events, long pcr, Map<HashAlg, Bytes> digests, Field content) {
    if (content.type == PC_CLIENT) {
      long code = number(expect(content.value, EVENT_TYPE, "event type"));
      Field data = field(content.value);
      content.value.finish("CEL content");
      if (data.type != EVENT_DATA) {
        throw new MalformedException("CEL content without event data");
      }
      events.add(pcr, code, digests, data.value.value(data.value.remaining(), "event data"));
    } else {
      Bytes data = content.value.value(content.value.remaining(), "content");
      events.add(
          pcr,
          OTHER_CONTENT,
          digests,
          data,
          new BootPayload.Unparsed("CEL content of type " + content.type));
    }
  }

  private static Map<HashAlg, Bytes> digests(ByteReader in) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    while (in.remaining() > 0) {
      Field field = field(in);
      Bytes digest = field.value.value(field.value.remaining(), "digest");
      for (HashAlg alg : HashAlg.values()) {
        if (alg.id() == field.type
            && (digest.size() != alg.size() || digests.put(alg, digest) != null)) {
          throw new MalformedException("CEL digest of " + alg.keylimeName() + ": wrong or twice");
        }
      }
    }
    return digests;
  }

  private static Field field(ByteReader in) {
    int type = in.u8("CEL type");
    int length = in.bounded("CEL length", in.remaining());
    return new Field(type, in.slice(length, "CEL value"));
  }

  private static ByteReader expect(ByteReader in, int type, String name) {
    Field field = field(in);
    if (field.type != type) {
      throw new MalformedException(
          "CEL field of type " + field.type + " where the " + name + " should be");
    }
    return field.value;
  }

  /** A number of one to eight bytes, of which only 32 bits are in use. */
  private static long number(ByteReader in) {
    int size = in.remaining();
    if (size < 1 || size > 8) {
      throw new MalformedException("CEL number of " + size + " bytes");
    }
    long number = 0;
    for (int i = 0; i < size; i++) {
      number = number << 8 | in.u8("CEL number");
    }
    if (number < 0 || number > 0xffff_ffffL) {
      throw new MalformedException("CEL number of more than 32 bits");
    }
    return number;
  }
}
