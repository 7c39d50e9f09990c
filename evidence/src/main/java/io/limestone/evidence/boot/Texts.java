package io.limestone.evidence.boot;

import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The text forms of event data. What is no text becomes U+FFFD, never an error. */
final class Texts {
  private Texts() {}

  static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** UTF-8, which holds ASCII, up to its first NUL. */
  static String utf8(Bytes data) {
    String text = new String(data.toArray(), StandardCharsets.UTF_8);
    int nul = text.indexOf('\0');
    return nul < 0 ? text : text.substring(0, nul);
  }

  /** UTF-16, least significant byte first, up to its first NUL; a last odd byte is left out. */
  static String utf16(Bytes data) {
    byte[] bytes = data.toArray();
    String text = new String(bytes, 0, bytes.length & ~1, StandardCharsets.UTF_16LE);
    int nul = text.indexOf('\0');
    return nul < 0 ? text : text.substring(0, nul);
  }

  /** Whether this looks like UTF-16 of mostly Latin letters that ends in a NUL. */
  static boolean isUtf16(Bytes data) {
    byte[] bytes = data.toArray();
    int size = bytes.length;
    return size >= 4
        && size % 2 == 0
        && (bytes[0] & 0xff) >= 0x20
        && bytes[1] == 0
        && bytes[size - 2] == 0
        && bytes[size - 1] == 0;
  }

  /** The text, if it looks like UTF-16 or is ASCII. */
  static Optional<String> ifText(Bytes data) {
    if (isUtf16(data)) {
      return Optional.of(utf16(data));
    }
    return isAscii(data) ? Optional.of(utf8(data)) : Optional.empty();
  }

  /** Whether every byte up to a NUL at the end is printable ASCII. */
  static boolean isAscii(Bytes data) {
    byte[] bytes = data.toArray();
    int end = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
    for (int i = 0; i < end; i++) {
      if (bytes[i] < 0x20 || bytes[i] > 0x7e) {
        return false;
      }
    }
    return end > 0;
  }
}
