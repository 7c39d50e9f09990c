package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * How much one source may cost: bytes after decompression, and members. A compressed archive of a
 * kilobyte may stand for terabytes; here it ends at a bound. Not thread-safe.
 */
public final class Budget {
  /** The longest name of a member in bytes: Linux's PATH_MAX. */
  static final int MAX_NAME = 4096;

  private final long maxBytes;
  private final long maxEntries;
  private long bytes;
  private long entries;

  public Budget(long maxBytes, long maxEntries) {
    this.maxBytes = maxBytes;
    this.maxEntries = maxEntries;
  }

  /** For a whole file system: 64 GiB and 4 million members. */
  public static Budget ofFileSystem() {
    return new Budget(64L << 30, 4_000_000);
  }

  /** For metadata of a repository: 4 GiB. */
  public static Budget ofMetadata() {
    return new Budget(4L << 30, 4_000_000);
  }

  void countEntry() {
    if (++entries > maxEntries) {
      throw new MalformedException("more than " + maxEntries + " members in one archive");
    }
  }

  private void countBytes(long more) {
    bytes += more;
    if (bytes > maxBytes) {
      throw new MalformedException("more than " + maxBytes + " bytes after decompression");
    }
  }

  /** The stream, with every byte that is read from it counted. */
  public InputStream meter(InputStream in) {
    return new FilterInputStream(in) {
      @Override
      public int read() throws IOException {
        int b = super.read();
        if (b >= 0) {
          countBytes(1);
        }
        return b;
      }

      @Override
      public int read(byte[] buffer, int from, int length) throws IOException {
        int n = super.read(buffer, from, length);
        if (n > 0) {
          countBytes(n);
        }
        return n;
      }

      /** What is passed over without being read costs nothing. */
      @Override
      public long skip(long n) throws IOException {
        return super.skip(n);
      }
    };
  }
}
