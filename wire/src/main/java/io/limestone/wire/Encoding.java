package io.limestone.wire;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/** Strict text encodings of bytes: no blanks, no missing padding, nothing ignored. */
public final class Encoding {
  private static final HexFormat HEX = HexFormat.of();

  private Encoding() {}

  /** Lower-case hex. */
  public static String hex(byte[] bytes) {
    return HEX.formatHex(bytes);
  }

  /**
   * Bytes of a hex text of either case.
   *
   * @throws MalformedException on an odd length or any other character
   */
  public static byte[] unhex(String text) {
    try {
      return HEX.parseHex(text);
    } catch (IllegalArgumentException e) {
      throw new MalformedException("not hex (an even number of 0-9 a-f)", e);
    }
  }

  /** RFC 4648 section 4 base64, padded, on one line. */
  public static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * Bytes of RFC 4648 section 4 base64 text. Only the canonical form is read: padding is required,
   * and unused bits must be zero, so that one byte string has exactly one text.
   *
   * @throws MalformedException on anything else
   */
  public static byte[] unbase64(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (base64(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw new MalformedException("not base64 (standard alphabet, padded, no blanks)", e);
    }
    throw new MalformedException("not canonical base64 (padding required, unused bits zero)");
  }

  /**
   * Text from outside made fit for a log line or a terminal: control characters, line and paragraph
   * separators and bidirectional overrides become visible escapes, and what is longer than {@code
   * max} characters is cut.
   */
  public static String printable(String hostile, int max) {
    StringBuilder out = new StringBuilder(Math.min(hostile.length(), max) + 16);
    hostile
        .codePoints()
        .limit(max)
        .forEach(
            c -> {
              int type = Character.getType(c);
              boolean hidden =
                  Character.isISOControl(c)
                      || type == Character.FORMAT
                      || type == Character.LINE_SEPARATOR
                      || type == Character.PARAGRAPH_SEPARATOR
                      || type == Character.SURROGATE
                      || type == Character.UNASSIGNED;
              if (hidden) {
                out.append(String.format("\\u%04x", c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return hostile.codePointCount(0, hostile.length()) > max ? out + "…" : out.toString();
  }

  /** Whether two secrets are equal, in a time that does not depend on where they differ. */
  public static boolean constantTimeEquals(byte[] a, byte[] b) {
    return java.security.MessageDigest.isEqual(a, b);
  }

  /** Overwrites a secret that is no longer needed. */
  public static void wipe(byte[] secret) {
    Arrays.fill(secret, (byte) 0);
  }
}
