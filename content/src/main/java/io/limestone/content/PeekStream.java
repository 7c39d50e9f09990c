package io.limestone.content;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;

/** A stream whose next bytes can be looked at. Decoders that read ahead give back what is left. */
final class PeekStream extends BufferedInputStream {
  private long position;
  private long marked;

  PeekStream(InputStream in) {
    super(in, 64 * 1024);
  }

  long position() {
    return position;
  }

  /** The next bytes, fewer at the end; they are read again by whoever reads. */
  byte[] peek(int length) throws IOException {
    mark(length);
    byte[] head = readNBytes(length);
    reset();
    return head;
  }

  void skipZeros() throws IOException {
    mark(1);
    while (read() == 0) {
      mark(1);
    }
    reset();
  }

  @Override
  public synchronized int read() throws IOException {
    int b = super.read();
    position += b < 0 ? 0 : 1;
    return b;
  }

  @Override
  public synchronized int read(byte[] buffer, int from, int length) throws IOException {
    int n = super.read(buffer, from, length);
    position += Math.max(0, n);
    return n;
  }

  @Override
  public synchronized long skip(long n) throws IOException {
    long skipped = super.skip(n);
    position += skipped;
    return skipped;
  }

  @Override
  public synchronized void mark(int limit) {
    super.mark(limit);
    marked = position;
  }

  @Override
  public synchronized void reset() throws IOException {
    super.reset();
    position = marked;
  }
}
