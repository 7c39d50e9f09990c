package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much one source may cost: bytes after decompression, members, and the length of their names,
 * which are kept in memory. A compressed archive of a kilobyte may stand for terabytes; here it
 * ends at a bound. Parts of one source that are read side by side share one budget.
 */
public final class Budget {
  /** The longest name of a member in bytes: Linux's PATH_MAX. */
  static final int MAX_NAME = 4096;

  /** Names may have this length in the mean, if there are as many as may be; else be longer. */
  private static final int MEAN_NAME = 64;

  private final long maxBytes;
  private final long maxEntries;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong entries = new AtomicLong();
  private final AtomicLong names = new AtomicLong();

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
    countEntry("");
  }

  void countEntry(String name) {
    if (entries.incrementAndGet() > maxEntries) {
      throw new MalformedException("more than " + maxEntries + " members");
    }
    if (names.addAndGet(name.length()) > maxEntries * MEAN_NAME) {
      throw new MalformedException(
          "names of members that are longer than " + MEAN_NAME + " in the mean of many");
    }
  }

  private void countBytes(long more) {
    if (bytes.addAndGet(more) > maxBytes) {
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

      @Override
      public long skip(long n) throws IOException {
        long skipped = super.skip(n);
        countBytes(skipped);
        return skipped;
      }
    };
  }
}
