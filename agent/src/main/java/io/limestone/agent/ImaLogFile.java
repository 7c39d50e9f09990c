package io.limestone.agent;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * The kernel's IMA log, which only grows. Whole lines are counted as they appear, and where entries
 * begin is remembered sparsely, so that a poll reads what is new and not the whole log again. The
 * file is opened once, while the agent may still be root. Thread-safe.
 */
final class ImaLogFile implements AutoCloseable {
  /** Entries between two remembered offsets. */
  private static final int STRIDE = 256;

  private static final int BUFFER = 16 * 1024;

  /**
   * The kernel finds an offset that does not follow the last one read by going through the log from
   * its start, so counting and copying each have their own way through it.
   */
  private final FileChannel counted;

  private final FileChannel copied;
  private long[] offsets = new long[64];
  private long entries;
  private long end;

  private ImaLogFile(FileChannel counted, FileChannel copied) {
    this.counted = counted;
    this.copied = copied;
  }

  static ImaLogFile open(Path path) throws IOException {
    return new ImaLogFile(
        FileChannel.open(path, StandardOpenOption.READ),
        FileChannel.open(path, StandardOpenOption.READ));
  }

  /**
   * A piece of the log: whole lines, from entry {@code first} on.
   *
   * @param from offset of its first byte
   * @param to offset behind its last byte
   */
  record Slice(long first, long from, long to) {}

  /**
   * The lines from entry {@code first} to the present end. Beyond the end the log starts at 0
   * again: the asker counts another log than this one, of before a reboot.
   */
  synchronized Slice from(long first) throws IOException {
    if (counted.size() > 0 && counted.size() < end) {
      entries = 0; // truncated, which the kernel never does: a file that only stands for a log
      end = 0;
    }
    countNew();
    long start = first > entries ? 0 : first;
    return new Slice(start, offsetOf(start), end);
  }

  /** The slice's bytes; close is not needed. */
  InputStream read(Slice slice) {
    return new InputStream() {
      private long at = slice.from();

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
          return 0;
        }
        if (at >= slice.to()) {
          return -1;
        }
        int wanted = (int) Math.min(length, slice.to() - at);
        int read = copied.read(ByteBuffer.wrap(target, offset, wanted), at);
        if (read <= 0) {
          throw new IOException("the IMA log became shorter while it was read");
        }
        at += read;
        return read;
      }
    };
  }

  private void countNew() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    long at = end;
    while (true) {
      buffer.clear();
      int read = counted.read(buffer, at);
      if (read <= 0) {
        return;
      }
      for (int i = 0; i < read; i++) {
        if (buffer.get(i) == '\n') {
          entries++;
          end = at + i + 1;
          remember();
        }
      }
      at += read;
    }
  }

  /** Entry 0 begins at 0, entry n * STRIDE at {@code offsets[n]}. */
  private void remember() {
    if (entries % STRIDE == 0) {
      int index = (int) (entries / STRIDE);
      if (index >= offsets.length) {
        offsets = Arrays.copyOf(offsets, 2 * index);
      }
      offsets[index] = end;
    }
  }

  private long offsetOf(long entry) throws IOException {
    if (entry == entries) {
      return end;
    }
    long at = entry < STRIDE ? 0 : offsets[(int) (entry / STRIDE)];
    long toSkip = entry % STRIDE;
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    while (toSkip > 0) {
      buffer.clear();
      int read = copied.read(buffer, at);
      for (int i = 0; i < read; i++) {
        if (buffer.get(i) == '\n' && --toSkip == 0) {
          return at + i + 1;
        }
      }
      if (read <= 0) {
        throw new IOException("the IMA log became shorter while it was read");
      }
      at += read;
    }
    return at;
  }

  @Override
  public void close() throws IOException {
    counted.close();
    copied.close();
  }
}
