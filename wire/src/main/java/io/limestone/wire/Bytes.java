package io.limestone.wire;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

/**
 * An immutable byte string that is not secret, compared by content; prints as hex. Secrets are
 * {@link Secret}.
 */
public final class Bytes {
  public static final Bytes EMPTY = new Bytes(new byte[0]);

  private final byte[] value;

  private Bytes(byte[] value) {
    this.value = value;
  }

  public static Bytes of(byte... value) {
    return new Bytes(value.clone());
  }

  /** Takes the array itself: for makers in this package that keep no reference to it. */
  static Bytes wrap(byte[] value) {
    return new Bytes(value);
  }

  /** The parts one after another. */
  public static Bytes concat(Bytes... parts) {
    int size = 0;
    for (Bytes part : parts) {
      size = Math.addExact(size, part.value.length);
    }
    byte[] whole = new byte[size];
    int at = 0;
    for (Bytes part : parts) {
      part.copyTo(whole, at);
      at += part.value.length;
    }
    return new Bytes(whole);
  }

  /**
   * Bytes of a hex text.
   *
   * @throws MalformedException if it is not hex
   */
  public static Bytes ofHex(String hex) {
    return new Bytes(Encoding.unhex(hex));
  }

  /**
   * Bytes of a canonical base64 text.
   *
   * @throws MalformedException if it is not that
   */
  public static Bytes ofBase64(String base64) {
    return new Bytes(Encoding.unbase64(base64));
  }

  public int size() {
    return value.length;
  }

  public boolean isEmpty() {
    return value.length == 0;
  }

  /** Whether every byte is {@code b}: a PCR never extended is all zeros or all ones. */
  public boolean isAll(int b) {
    for (byte x : value) {
      if ((x & 0xff) != b) {
        return false;
      }
    }
    return true;
  }

  /** The bytes {@code from} (inclusive) to {@code to} (exclusive). */
  public Bytes slice(int from, int to) {
    Objects.checkFromToIndex(from, to, value.length);
    return new Bytes(Arrays.copyOfRange(value, from, to));
  }

  /** Whether both are equal, in a time that does not depend on where they differ. */
  public boolean constantTimeEquals(Bytes other) {
    return Encoding.constantTimeEquals(value, other.value);
  }

  void copyTo(byte[] target, int at) {
    System.arraycopy(value, 0, target, at, value.length);
  }

  /** A copy. */
  public byte[] toArray() {
    return value.clone();
  }

  /**
   * The array itself, not to be written to: for readers of measurement lists, of which a copy would
   * take hundreds of megabytes.
   */
  public byte[] shared() {
    return value;
  }

  public void feed(MessageDigest digest) {
    digest.update(value);
  }

  public ByteReader bigEndian() {
    return ByteReader.bigEndian(value);
  }

  public ByteReader littleEndian() {
    return ByteReader.littleEndian(value);
  }

  public String hex() {
    return Encoding.hex(value);
  }

  public String base64() {
    return Encoding.base64(value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes bytes && Arrays.equals(value, bytes.value);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(value);
  }

  /** Hex; past 64 bytes only the start and the size. */
  @Override
  public String toString() {
    return value.length <= 64
        ? hex()
        : Encoding.hex(Arrays.copyOf(value, 32)) + "… (" + value.length + " bytes)";
  }
}
