package io.limestone.content;

import io.airlift.compress.lz4.Lz4Decompressor;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The LZ4 form of {@code lz4 -l}, which the kernel takes for an initramfs: a magic number, then
 * blocks of a 4-byte length, least significant byte first, and at most 8 MiB each when decompressed
 * (LZ4 frame format, "Legacy frame").
 */
final class Lz4LegacyInputStream extends InputStream {
  private static final int MAX_BLOCK = 8 << 20;
  private static final int MAX_COMPRESSED = MAX_BLOCK + MAX_BLOCK / 255 + 16;

  private final InputStream in;
  private final Lz4Decompressor decompressor = new Lz4Decompressor();
  private final byte[] block = new byte[MAX_BLOCK];
  private int at;
  private int end;

  Lz4LegacyInputStream(InputStream in) throws IOException {
    this.in = in;
    Streams.skip(in, 4, "lz4 magic number");
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int from, int length) throws IOException {
    if (at == end && !nextBlock()) {
      return -1;
    }
    int n = Math.min(length, end - at);
    System.arraycopy(block, at, buffer, from, n);
    at += n;
    return n;
  }

  /** A length of zero ends the data too: images are padded with zeros. */
  private boolean nextBlock() throws IOException {
    byte[] raw = in.readNBytes(4);
    if (raw.length == 0) {
      return false;
    }
    if (raw.length != 4) {
      throw new MalformedException("lz4: ends within a length");
    }
    long size =
        (raw[0] & 0xffL) | (raw[1] & 0xffL) << 8 | (raw[2] & 0xffL) << 16 | (raw[3] & 0xffL) << 24;
    if (size == 0) {
      return false;
    }
    if (size > MAX_COMPRESSED) {
      throw new MalformedException("lz4: a block of " + size + " bytes");
    }
    byte[] compressed = Streams.exactly(in, (int) size, "lz4 block");
    end = decompressor.decompress(compressed, 0, compressed.length, block, 0, block.length);
    at = 0;
    return end > 0;
  }
}
