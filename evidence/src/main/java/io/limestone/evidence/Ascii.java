package io.limestone.evidence;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Strict ASCII and numbers over byte arrays, without making texts. Lists are long: hex and searches
 * go eight bytes at a time.
 */
final class Ascii {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long EACH = 0x0101_0101_0101_0101L;
  private static final byte[] VALUE = new byte[256];

  static {
    Arrays.fill(VALUE, (byte) -1);
    for (int i = 0; i < 16; i++) {
      VALUE[Character.forDigit(i, 16)] = (byte) i;
      VALUE[Character.toUpperCase(Character.forDigit(i, 16))] = (byte) i;
    }
  }

  private Ascii() {}

  /**
   * Decodes hex digits of either case.
   *
   * @return whether there was an even number of digits and nothing else
   */
  static boolean unhex(byte[] text, int from, int to, byte[] out, int at) {
    if ((to - from & 1) != 0) {
      return false;
    }
    long wrong = 0;
    int i = from;
    int o = at;
    for (; i + 8 <= to; i += 8, o += 4) {
      long x = (long) LONG.get(text, i);
      long letter = x >>> 6 & EACH;
      long value = (x & 0x0f * EACH) + 9 * letter;
      long shown = value + 0x30 * EACH + 0x27 * ((value + 6 * EACH) >>> 4 & EACH);
      wrong |= (shown ^ (x | letter << 5)) | (value & 0xf0f0_f0f0_f0f0_f0f0L);
      long pairs = (value << 4 | value >>> 8) & 0x00ff_00ff_00ff_00ffL;
      pairs = (pairs | pairs >>> 8) & 0x0000_ffff_0000_ffffL;
      INT.set(out, o, (int) (pairs | pairs >>> 16));
    }
    int bad = 0;
    for (; i < to; i += 2, o++) {
      int high = VALUE[text[i] & 0xff];
      int low = VALUE[text[i + 1] & 0xff];
      bad |= high | low;
      out[o] = (byte) (high << 4 | low);
    }
    return wrong == 0 && bad >= 0;
  }

  /** Where a byte first stands between two offsets; {@code to} if nowhere. */
  static int find(byte[] text, int from, int to, char wanted) {
    int i = from;
    for (; i + 8 <= to; i += 8) {
      long x = (long) LONG.get(text, i) ^ wanted * EACH;
      long zeros = x - EACH & ~x & 0x8080_8080_8080_8080L;
      if (zeros != 0) {
        return i + (Long.numberOfTrailingZeros(zeros) >>> 3);
      }
    }
    while (i < to && text[i] != wanted) {
      i++;
    }
    return i;
  }

  /** Whether the bytes between two offsets are exactly this ASCII text. */
  static boolean is(byte[] bytes, int from, int to, String text) {
    return to - from == text.length() && begins(bytes, from, to, text);
  }

  /** Whether the bytes between two offsets begin with this ASCII text. */
  static boolean begins(byte[] bytes, int from, int to, String text) {
    if (to - from < text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The 32-bit number, least significant byte first, at an offset. */
  static int number(byte[] bytes, int at) {
    return (int) INT.get(bytes, at);
  }

  static void putNumber(byte[] bytes, int at, int value) {
    INT.set(bytes, at, value);
  }

  /** An unsigned number in decimal digits, as the kernel writes it; -1 if it is none of 32 bits. */
  static long decimal(byte[] text, int from, int to) {
    long n = 0;
    for (int i = from; i < to; i++) {
      int digit = text[i] - '0';
      if (digit < 0 || digit > 9 || i - from > 9) {
        return -1;
      }
      n = 10 * n + digit;
    }
    return from == to || n > 0xffff_ffffL ? -1 : n;
  }
}
