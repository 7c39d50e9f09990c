package io.limestone.wire;

import java.util.Arrays;

/**
 * A cursor over bytes in either byte order that never reads past its end: every shortfall is a
 * {@link MalformedException} that names the field and its offset. Not thread-safe.
 */
public final class ByteReader {
  private final byte[] bytes;
  private final int end;
  private final boolean bigEndian;
  private int position;

  private ByteReader(byte[] bytes, int from, int end, boolean bigEndian) {
    this.bytes = bytes;
    this.position = from;
    this.end = end;
    this.bigEndian = bigEndian;
  }

  /**
   * Most significant byte first: TPM structures. The array is not copied; do not change it while
   * reading.
   */
  public static ByteReader bigEndian(byte[] bytes) {
    return new ByteReader(bytes, 0, bytes.length, true);
  }

  /** Least significant byte first: event logs, IMA template data, TSS memory images. */
  public static ByteReader littleEndian(byte[] bytes) {
    return new ByteReader(bytes, 0, bytes.length, false);
  }

  public int position() {
    return position;
  }

  public int remaining() {
    return end - position;
  }

  public int u8(String field) {
    return bytes[take(1, field)] & 0xff;
  }

  public int u16(String field) {
    int at = take(2, field);
    int a = bytes[at] & 0xff;
    int b = bytes[at + 1] & 0xff;
    return bigEndian ? a << 8 | b : b << 8 | a;
  }

  /** An unsigned 32-bit number, 0 to 2^32-1. */
  public long u32(String field) {
    long a = u16(field);
    long b = u16(field);
    return bigEndian ? a << 16 | b : b << 16 | a;
  }

  /**
   * 64 bits; numbers from 2^63 on come out negative, so compare with {@link Long#compareUnsigned}.
   */
  public long u64(String field) {
    long a = u32(field);
    long b = u32(field);
    return bigEndian ? a << 32 | b : b << 32 | a;
  }

  /** A 32-bit length or count that must lie within {@code 0..max}. */
  public int bounded(String field, int max) {
    int at = position;
    long n = u32(field);
    if (n > max) {
      throw new MalformedException(field + " at offset " + at + " is " + n + ", more than " + max);
    }
    return (int) n;
  }

  /** A copy of the next {@code length} bytes. */
  public byte[] bytes(int length, String field) {
    int at = take(length, field);
    return Arrays.copyOfRange(bytes, at, at + length);
  }

  /** The next {@code length} bytes as a value. */
  public Bytes value(int length, String field) {
    return Bytes.wrap(bytes(length, field));
  }

  /**
   * A 16-bit length of at most {@code max}, then that many bytes: TPM2B.
   *
   * @throws MalformedException if it is longer
   */
  public Bytes value16(String field, int max) {
    int at = position;
    int length = u16(field + " size");
    if (length > max) {
      throw new MalformedException(
          field + " size at offset " + at + " is " + length + ", more than " + max);
    }
    return value(length, field);
  }

  /** A 16-bit length, then that many bytes: TPM2B. */
  public byte[] sized16(String field) {
    return bytes(u16(field + " size"), field);
  }

  /** A reader of the next {@code length} bytes alone; this one goes on behind them. */
  public ByteReader slice(int length, String field) {
    int at = take(length, field);
    return new ByteReader(bytes, at, at + length, bigEndian);
  }

  public void skip(int length, String field) {
    take(length, field);
  }

  /**
   * Ends the structure.
   *
   * @throws MalformedException if bytes are left
   */
  public void finish(String structure) {
    if (remaining() != 0) {
      throw new MalformedException(
          structure + " has " + remaining() + " trailing bytes at offset " + position);
    }
  }

  private int take(int length, String field) {
    if (length < 0 || length > end - position) {
      throw new MalformedException(
          field
              + " at offset "
              + position
              + " needs "
              + length
              + " bytes, "
              + remaining()
              + " are left");
    }
    int at = position;
    position += length;
    return at;
  }
}
