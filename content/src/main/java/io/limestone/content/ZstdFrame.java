package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The bytes of one Zstandard frame (RFC 8878 §3.1) and not one more: decoders read ahead, and what
 * follows the frame in an initramfs is not theirs. Only lengths are looked at here.
 */
final class ZstdFrame extends InputStream {
  private static final int SKIPPABLE = 0x184d2a50;
  private static final int ZSTD = 0xfd2fb528;

  private final InputStream in;
  private byte[] ready;
  private int at;
  private long blockLeft;
  private boolean lastBlock;
  private boolean checksum;
  private boolean ended;

  ZstdFrame(InputStream in) throws IOException {
    this.in = in;
    this.ready = header();
  }

  private byte[] header() throws IOException {
    byte[] start = Streams.exactly(in, 4, "zstd magic number");
    int magic = (int) little(start);
    if ((magic & 0xfffffff0) == SKIPPABLE) {
      throw new MalformedException("a skippable zstd frame where data should begin");
    }
    if (magic != ZSTD) {
      throw new MalformedException("not a zstd frame");
    }
    int descriptor = Streams.exactly(in, 1, "zstd frame header")[0] & 0xff;
    boolean single = (descriptor & 0x20) != 0;
    checksum = (descriptor & 0x04) != 0;
    int dictionary = new int[] {0, 1, 2, 4}[descriptor & 3];
    int contentSize = new int[] {single ? 1 : 0, 2, 4, 8}[descriptor >> 6];
    byte[] rest =
        Streams.exactly(in, (single ? 0 : 1) + dictionary + contentSize, "zstd frame header");
    byte[] header = new byte[5 + rest.length];
    System.arraycopy(start, 0, header, 0, 4);
    header[4] = (byte) descriptor;
    System.arraycopy(rest, 0, header, 5, rest.length);
    return header;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    while (at == ready.length && blockLeft == 0) {
      if (ended) {
        return -1;
      }
      next();
    }
    if (at < ready.length) {
      int n = Math.min(length, ready.length - at);
      System.arraycopy(ready, at, buffer, from, n);
      at += n;
      return n;
    }
    int n = in.read(buffer, from, (int) Math.min(length, blockLeft));
    if (n < 0) {
      throw new MalformedException("zstd: ends within a block");
    }
    blockLeft -= n;
    return n;
  }

  /** The next block's header, or the check sum, or the end. */
  private void next() throws IOException {
    at = 0;
    if (lastBlock) {
      ready = checksum ? Streams.exactly(in, 4, "zstd check sum") : new byte[0];
      ended = true;
      return;
    }
    ready = Streams.exactly(in, 3, "zstd block header");
    int header = (int) little(ready);
    lastBlock = (header & 1) != 0;
    boolean runLength = (header >> 1 & 3) == 1;
    blockLeft = runLength ? 1 : header >> 3;
  }

  private static long little(byte[] bytes) {
    long value = 0;
    for (int i = bytes.length - 1; i >= 0; i--) {
      value = value << 8 | (bytes[i] & 0xff);
    }
    return value;
  }
}
