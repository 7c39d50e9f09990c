package io.limestone.content;

import io.airlift.compress.zstd.ZstdInputStream;
import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/**
 * The bytes of one Zstandard frame (RFC 8878 §3.1) and not one more: decoders read ahead, and what
 * follows the frame in an initramfs is not theirs. Only lengths are looked at here.
 */
final class ZstdFrame extends InputStream {
  private static final long SKIPPABLE = 0x184d2a5; // without the lowest 4 bits
  private static final long ZSTD = 0xfd2fb528L;
  private static final int SINGLE_WITH_4_BYTES = 0xa0;

  /** What Linux takes for an initramfs, and the program zstd without being told otherwise. */
  private static final long MAX_WINDOW = 128 << 20;

  private final InputStream in;
  private OptionalLong contentSize = OptionalLong.empty();
  private byte[] ready;
  private int at;
  private long blockLeft;
  private boolean lastBlock;
  private boolean checksum;
  private boolean ended;

  private ZstdFrame(InputStream in) throws IOException {
    this.in = in;
    this.ready = header();
  }

  /** Whether a skippable frame begins here, which holds no content (RFC 8878 §3.1.2). */
  static boolean isSkippable(byte[] head) {
    return head.length >= 4 && (head[0] & 0xf0) == 0x50 && little(head, 4) >>> 4 == SKIPPABLE;
  }

  /** Passes over a skippable frame. */
  static void skip(InputStream in) throws IOException {
    byte[] start = Streams.exactly(in, 8, "zstd skippable frame");
    Streams.skip(in, little(start, 8) >>> 32, "zstd skippable frame");
  }

  /**
   * The frame's header, checked and written anew. The decoder takes windows of 8 MiB only, but a
   * "single segment", whose window is all of its content, of any size; so all frames become that.
   * It then looks back as far as the frame's real window, and leaves the content's size to us.
   */
  private byte[] header() throws IOException {
    if (little(Streams.exactly(in, 4, "zstd magic number"), 4) != ZSTD) {
      throw new MalformedException("zstd: no frame");
    }
    int descriptor = Streams.exactly(in, 1, "zstd frame header")[0] & 0xff;
    boolean single = (descriptor & 0x20) != 0;
    checksum = (descriptor & 0x04) != 0;
    if ((descriptor & 0x08) != 0) {
      throw new MalformedException("zstd: a reserved bit is set");
    }
    long window = single ? 0 : window(Streams.exactly(in, 1, "zstd window")[0] & 0xff);
    if ((descriptor & 3) != 0) {
      throw new MalformedException("zstd: needs a dictionary");
    }
    int sizeBytes = new int[] {single ? 1 : 0, 2, 4, 8}[descriptor >> 6];
    long size = little(Streams.exactly(in, sizeBytes, "zstd content size"), sizeBytes);
    contentSize =
        sizeBytes == 0 ? OptionalLong.empty() : OptionalLong.of(size + (sizeBytes == 2 ? 256 : 0));
    if (single) {
      window = contentSize.orElseThrow();
    }
    if (window < 0 || window > MAX_WINDOW) {
      throw new MalformedException("zstd: a window of more than " + MAX_WINDOW + " bytes");
    }
    long lookBack = Math.min(window, contentSize.orElse(window));
    return ByteBuffer.allocate(9)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt((int) ZSTD)
        .put((byte) (SINGLE_WITH_4_BYTES | (checksum ? 0x04 : 0)))
        .putInt((int) lookBack)
        .array();
  }

  /** RFC 8878 §3.1.1.1.2. */
  private static long window(int descriptor) {
    long base = 1L << (10 + (descriptor >> 3));
    return base + base / 8 * (descriptor & 7);
  }

  /** The content of the frame that begins here; {@code in} stands right behind it at its end. */
  static InputStream content(InputStream in) throws IOException {
    ZstdFrame frame = new ZstdFrame(in);
    return new FilterInputStream(new ZstdInputStream(frame)) {
      private long size;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] buffer, int from, int length) throws IOException {
        int n = super.read(buffer, from, length);
        size += Math.max(0, n);
        if (n < 0 && frame.contentSize.orElse(size) != size) {
          throw new MalformedException("zstd: the content is not as long as the header says");
        }
        return n;
      }
    };
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
    int header = (int) little(ready, 3);
    lastBlock = (header & 1) != 0;
    boolean runLength = (header >> 1 & 3) == 1;
    blockLeft = runLength ? 1 : header >> 3;
  }

  private static long little(byte[] bytes, int length) {
    long value = 0;
    for (int i = length - 1; i >= 0; i--) {
      value = value << 8 | (bytes[i] & 0xff);
    }
    return value;
  }
}
