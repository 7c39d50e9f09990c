package io.limestone.policy;

import io.limestone.evidence.Span;
import io.limestone.wire.MalformedException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Names of policies as bytes; half a surrogate pair is no name. */
final class Utf8 {
  private Utf8() {}

  static byte[] bytes(String text) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new MalformedException("a name with half a surrogate pair", e);
    }
  }

  static boolean is(Span span, String text) {
    return Arrays.equals(span.toArray(), bytes(text));
  }
}
