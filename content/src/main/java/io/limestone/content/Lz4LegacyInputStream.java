package io.limestone.content;

import io.airlift.compress.lz4.Lz4Decompressor;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The LZ4 form of {@code lz4 -l}, which the kernel takes for an initramfs: a magic number, then
 * blocks of a 4-byte length, least significant byte first, and at most 8 MiB each when decompressed
 * (LZ4 frame format, "Legacy frame").
 */
final class Lz4LegacyInputStream extends InputStream {
  private static final long MAGIC = 0x184c2102;
  private static final VarHandle LITTLE =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int MAX_BLOCK = 8 << 20;
  private static final int MAX_COMPRESSED = MAX_BLOCK + MAX_BLOCK / 255 + 16;

  private final InputStream in;
  private final Lz4Decompressor decompressor = new Lz4Decompressor();
  private final byte[] block = new byte[MAX_BLOCK];
  private int at;
  private int end;
  private boolean ended;

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
    if (at == end && (ended || !nextBlock())) {
      ended = true;
      return -1;
    }
    int n = Math.min(length, end - at);
    System.arraycopy(block, at, buffer, from, n);
    at += n;
    return n;
  }

  /**
   * A length of zero ends the data too: images are padded with zeros. The magic number in the place
   * of a length begins another frame.
   */
  private boolean nextBlock() throws IOException {
    long size = MAGIC;
    while (size == MAGIC) {
      byte[] raw = in.readNBytes(4);
      if (raw.length != 0 && raw.length != 4) {
        throw new MalformedException("lz4: ends within a length");
      }
      size = raw.length == 0 ? 0 : Integer.toUnsignedLong((int) LITTLE.get(raw, 0));
    }
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
