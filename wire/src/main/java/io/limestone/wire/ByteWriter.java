package io.limestone.wire;

import java.util.Arrays;

/** Builds bytes in either byte order: the counterpart of {@link ByteReader}. Not thread-safe. */
public final class ByteWriter {
  private final boolean bigEndian;
  private byte[] bytes = new byte[256];
  private int size;

  private ByteWriter(boolean bigEndian) {
    this.bigEndian = bigEndian;
  }

  /** Most significant byte first: TPM structures. */
  public static ByteWriter bigEndian() {
    return new ByteWriter(true);
  }

  /** Least significant byte first: event logs, IMA template data, TSS memory images. */
  public static ByteWriter littleEndian() {
    return new ByteWriter(false);
  }

  /** The low 8 bits. */
  public ByteWriter u8(int value) {
    return number(value, 1);
  }

  /** The low 16 bits. */
  public ByteWriter u16(int value) {
    return number(value, 2);
  }

  /** The low 32 bits. */
  public ByteWriter u32(long value) {
    return number(value, 4);
  }

  public ByteWriter u64(long value) {
    return number(value, 8);
  }

  public ByteWriter bytes(byte[] value) {
    room(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  public ByteWriter bytes(Bytes value) {
    room(value.size());
    value.copyTo(bytes, size);
    size += value.size();
    return this;
  }

  public ByteWriter zeros(int count) {
    room(count);
    Arrays.fill(bytes, size, size + count, (byte) 0);
    size += count;
    return this;
  }

  /**
   * A 16-bit length, then the bytes: TPM2B.
   *
   * @throws IllegalArgumentException if there are more than 65,535
   */
  public ByteWriter sized16(Bytes value) {
    if (value.size() > 0xffff) {
      throw new IllegalArgumentException(value.size() + " bytes do not fit a TPM2B");
    }
    return u16(value.size()).bytes(value);
  }

  public int size() {
    return size;
  }

  public Bytes toBytes() {
    return Bytes.wrap(toArray());
  }

  public byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  private ByteWriter number(long value, int width) {
    room(width);
    for (int i = 0; i < width; i++) {
      int shift = 8 * (bigEndian ? width - 1 - i : i);
      bytes[size++] = (byte) (value >>> shift);
    }
    return this;
  }

  private void room(int more) {
    if (more > bytes.length - size) {
      bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), 2 * bytes.length));
    }
  }
}
