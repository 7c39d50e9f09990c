package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;

/** Reading exactly so many bytes of a stream. */
final class Streams {
  private static final int CHUNK = 64 * 1024;

  private Streams() {}

  /** The next {@code length} bytes; a stream that ends before is malformed. */
  static byte[] exactly(InputStream in, int length, String field) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length != length) {
      throw ended(field, length - bytes.length);
    }
    return bytes;
  }

  static void skip(InputStream in, long length, String field) throws IOException {
    long left = length;
    while (left > 0) {
      long skipped = in.skip(left);
      if (skipped <= 0) {
        if (in.read() < 0) {
          throw ended(field, left);
        }
        skipped = 1;
      }
      left -= skipped;
    }
  }

  /** The stream with a hash over all that is read of it; what is passed over is read, too. */
  static InputStream hashed(InputStream in, MessageDigest hash) {
    return new DigestInputStream(in, hash) {
      @Override
      public long skip(long n) throws IOException {
        byte[] passed = new byte[Math.clamp(n, 0, CHUNK)];
        return Math.max(0, read(passed, 0, passed.length));
      }
    };
  }

  /** Feeds the next {@code length} bytes to a hash. */
  static void hash(InputStream in, long length, MessageDigest hash, String field)
      throws IOException {
    byte[] buffer = new byte[(int) Math.min(CHUNK, Math.max(length, 1))];
    long left = length;
    while (left > 0) {
      int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (n < 0) {
        throw ended(field, left);
      }
      hash.update(buffer, 0, n);
      left -= n;
    }
  }

  /** Text up to the first NUL; bytes that are no UTF-8 become U+FFFD. */
  static String text(byte[] bytes, int from, int length) {
    int end = from;
    while (end < from + length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, from, end - from, StandardCharsets.UTF_8);
  }

  private static MalformedException ended(String field, long missing) {
    return new MalformedException(field + ": ends " + missing + " bytes too early");
  }
}
