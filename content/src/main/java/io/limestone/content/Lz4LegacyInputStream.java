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
final class Lz4LegacyInputStream extends BlockInputStream {
  private static final long MAGIC = 0x184c2102;
  private static final VarHandle LITTLE =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int MAX_BLOCK = 8 << 20;
  private static final int MAX_COMPRESSED = MAX_BLOCK + MAX_BLOCK / 255 + 16;

  private final InputStream in;
  private final Lz4Decompressor decompressor = new Lz4Decompressor();

  Lz4LegacyInputStream(InputStream in) throws IOException {
    super(MAX_BLOCK);
    this.in = in;
    Streams.skip(in, 4, "lz4 magic number");
  }

  /**
   * A length of zero ends the data too: images are padded with zeros. The magic number in the place
   * of a length begins another frame.
   */
  @Override
  int nextBlock() throws IOException {
    long size = MAGIC;
    while (size == MAGIC) {
      byte[] raw = in.readNBytes(4);
      if (raw.length != 0 && raw.length != 4) {
        throw new MalformedException("lz4: ends within a length");
      }
      size = raw.length == 0 ? 0 : Integer.toUnsignedLong((int) LITTLE.get(raw, 0));
    }
    if (size == 0) {
      return 0;
    }
    if (size > MAX_COMPRESSED) {
      throw new MalformedException("lz4: a block of " + size + " bytes");
    }
    byte[] compressed = Streams.exactly(in, (int) size, "lz4 block");
    return decompressor.decompress(compressed, 0, compressed.length, block, 0, block.length);
  }
}
