package io.limestone.evidence;

import io.limestone.evidence.ImaTemplate.Field;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one entry as a reader found them, used again for the next entry. Holds the template
 * data, the bytes that the kernel hashed: either made here, or where they stand in a binary list.
 */
final class ImaFields {
  static final String LONG_NAME = "name of more than 255 bytes";

  /**
   * In template ima, whose fields have no lengths, only this tells an entry from one of another
   * template that has as many bytes: lengths of less than 16 MiB have a zero.
   */
  static final String ZERO_IN_NAME = "a zero in a name";

  int pcr;
  final byte[] column = new byte[64];
  int columnLength;
  @Nullable ImaTemplate template;
  @Nullable FileDigest digestAlg;
  boolean verity;
  final Span digest = new Span();
  final Span name = new Span();
  final Span extra = new Span();
  final Span data = new Span();

  private byte[] made = new byte[1024];
  private int length;

  void clear() {
    pcr = -1;
    columnLength = 0;
    template = null;
    digestAlg = null;
    verity = false;
    length = 0;
    digest.show(made, 0, 0);
    name.show(made, 0, 0);
    extra.show(made, 0, 0);
    data.show(made, 0, 0);
  }

  /** Makes room for that many bytes of template data. */
  void room(int bytes) {
    if (made.length < bytes) {
      made = new byte[bytes + bytes / 2];
    }
  }

  /** The template data is what has been put. */
  void done() {
    data.show(made, 0, length);
  }

  void putByte(int value) {
    made[length++] = (byte) value;
  }

  /** The length of what is put next. */
  void putLength(int value) {
    Ascii.putNumber(made, length, value);
    length += 4;
  }

  /** Numbers in template data: least significant byte first. */
  void putNumber(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      made[length++] = (byte) (value >> (8 * i));
    }
  }

  void putZeros(int count) {
    Arrays.fill(made, length, length + count, (byte) 0);
    length += count;
  }

  void put(byte[] from, int start, int end) {
    System.arraycopy(from, start, made, length, end - start);
    length += end - start;
  }

  /** Bytes of hex digits, which {@code shown} then shows; false if they are not. */
  boolean putHex(byte[] text, int from, int to, Span shown) {
    int bytes = (to - from) / 2;
    shown.show(made, length, length + bytes);
    boolean good = Ascii.unhex(text, from, to, made, length);
    length += bytes;
    return good;
  }

  /** Where {@link #put} will write next. */
  int length() {
    return length;
  }

  /** A span of what was put. */
  void showPut(Span span, int from) {
    span.show(made, from, length);
  }

  /**
   * The algorithm of a digest prefix {@code algorithm:} or, in the second version, {@code
   * type:algorithm:}, of which {@code colon} is the last colon; sets {@link #verity}. Null if it is
   * none.
   */
  @Nullable FileDigest prefix(Field field, byte[] text, int from, int colon) {
    int algorithm = from;
    if (field == Field.D_NGV2) {
      boolean isVerity = Ascii.begins(text, from, colon, "verity:");
      if (!isVerity && !Ascii.begins(text, from, colon, "ima:")) {
        return null;
      }
      verity = isVerity;
      algorithm = from + (isVerity ? 7 : 4);
    }
    return FileDigest.named(text, algorithm, colon);
  }
}
