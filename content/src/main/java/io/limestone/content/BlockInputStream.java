package io.limestone.content;

import java.io.IOException;
import java.io.InputStream;

/** Data in blocks, each of which is decompressed as a whole. */
abstract class BlockInputStream extends InputStream {
  /** Where {@link #nextBlock} puts what it decompresses. */
  final byte[] block;

  private int at;
  private int end;
  private boolean ended;

  BlockInputStream(int maxBlock) {
    block = new byte[maxBlock];
  }

  /** Decompresses the next block; its length, 0 at the end of the data. */
  abstract int nextBlock() throws IOException;

  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public final int read(byte[] buffer, int from, int length) throws IOException {
    if (at == end && !ended) {
      at = 0;
      end = 0; // should the next one turn out to be malformed
      end = nextBlock();
      ended = end == 0;
    }
    if (ended) {
      return -1;
    }
    int n = Math.min(length, end - at);
    System.arraycopy(block, at, buffer, from, n);
    at += n;
    return n;
  }
}
