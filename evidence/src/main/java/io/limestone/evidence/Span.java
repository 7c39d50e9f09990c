package io.limestone.evidence;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A window on bytes held elsewhere, moved from entry to entry so that reading a long log makes no
 * garbage. What it shows is good until its owner goes on; do not change the array.
 */
public final class Span {
  private byte[] array = new byte[0];
  private int from;
  private int to;

  Span() {}

  /** A window on a whole array, for look-ups of names that come from elsewhere. */
  public static Span of(byte[] array) {
    return new Span().show(array, 0, array.length);
  }

  Span show(byte[] array, int from, int to) {
    this.array = array;
    this.from = from;
    this.to = to;
    return this;
  }

  public byte[] array() {
    return array;
  }

  public int from() {
    return from;
  }

  public int length() {
    return to - from;
  }

  public boolean isEmpty() {
    return to == from;
  }

  /** Whether the bytes are exactly this ASCII text. */
  public boolean is(String text) {
    return Ascii.is(array, from, to, text);
  }

  /** Whether the bytes begin with this ASCII text. */
  public boolean begins(String text) {
    return Ascii.begins(array, from, to, text);
  }

  /** A copy. */
  public byte[] toArray() {
    return Arrays.copyOfRange(array, from, to);
  }

  public Bytes toBytes() {
    return Bytes.of(toArray());
  }

  /** Whether the bytes are well-formed UTF-8. */
  public boolean isUtf8() {
    for (int i = from; i < to; i++) {
      if (array[i] < 0) {
        return decodes();
      }
    }
    return true;
  }

  private boolean decodes() {
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(array, from, length()));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /** The text for people, at most {@code max} characters; bytes that are no UTF-8 become U+FFFD. */
  public String printable(int max) {
    int bytes = Math.min(length(), 4 * max);
    return Encoding.printable(new String(array, from, bytes, StandardCharsets.UTF_8), max);
  }

  /** The printable text, cut at 200 characters. */
  @Override
  public String toString() {
    return printable(200);
  }
}
