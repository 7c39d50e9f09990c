package io.limestone.evidence;

import java.util.Arrays;

/** Strict ASCII over byte arrays, without making texts. */
final class Ascii {
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
    int bad = 0;
    for (int i = from, o = at; i < to; i += 2, o++) {
      int high = VALUE[text[i] & 0xff];
      int low = VALUE[text[i + 1] & 0xff];
      bad |= high | low;
      out[o] = (byte) (high << 4 | low);
    }
    return bad >= 0;
  }

  /** Whether the bytes between two offsets are exactly this ASCII text. */
  static boolean is(byte[] bytes, int from, int to, String text) {
    if (to - from != text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes[from + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
