package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.OptionalLong;

/**
 * A file that an index vouches for by digest and, as a rule, by size: what is read of it counts
 * only if the whole is the right one. More bytes than the index says are not read.
 */
public final class Vouched extends FilterInputStream {
  /** Without a size in the index. */
  private static final long MAX = 64L << 30;

  private static final int CHUNK = 64 * 1024;

  private final String name;
  private final Bytes digest;
  private final MessageDigest hash;
  private final OptionalLong size;
  private long count;

  public Vouched(InputStream in, String name, HashAlg alg, Bytes digest, OptionalLong size) {
    super(in);
    this.name = name;
    this.digest = digest;
    this.hash = alg.newDigest();
    this.size = size;
  }

  /** Reads something of it. */
  @FunctionalInterface
  public interface Reading<T> {
    T of(InputStream in) throws IOException;
  }

  /**
   * What was read of it, if the whole file is the right one.
   *
   * @throws MalformedException if it is not, which comes before all that the reading complains of
   */
  public <T> T read(Reading<T> reading) throws IOException {
    T result;
    try {
      result = reading.of(unclosed());
    } catch (MalformedException e) {
      requireRight();
      throw e.in(Encoding.printable(name, 200));
    }
    requireRight();
    return result;
  }

  private void requireRight() throws IOException {
    transferTo(OutputStream.nullOutputStream());
    if ((size.isPresent() && count != size.getAsLong())
        || !Bytes.of(hash.digest()).equals(digest)) {
      throw wrong();
    }
  }

  private MalformedException wrong() {
    return new MalformedException(
        Encoding.printable(name, 200) + ": not the content that the index vouches for");
  }

  /** Parsers close what they have read to the end; the rest is still to be hashed. */
  private InputStream unclosed() {
    return new FilterInputStream(this) {
      @Override
      public void close() {}
    };
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    int n = super.read(buffer, from, length);
    if (n > 0) {
      count += n;
      hash.update(buffer, from, n);
      if (count > size.orElse(MAX)) {
        throw wrong();
      }
    }
    return n;
  }

  /** What is passed over is hashed, too. */
  @Override
  public long skip(long n) throws IOException {
    byte[] passed = new byte[Math.clamp(n, 0, CHUNK)];
    return Math.max(0, read(passed, 0, passed.length));
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
