package io.limestone.content;

import io.airlift.compress.lzo.LzoDecompressor;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/**
 * What the program lzop writes and Linux takes for an initramfs: a header, then blocks of at most
 * 256 KiB, until one of length zero. Numbers have their most significant byte first. Check sums of
 * what is decompressed are checked, those of what is compressed passed over.
 */
final class LzopInputStream extends BlockInputStream {
  private static final byte[] MAGIC = {(byte) 0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n'};

  /** The program's own, and Linux takes no larger one. */
  private static final int MAX_BLOCK = 256 * 1024;

  private static final int ADLER_PLAIN = 0x1;
  private static final int ADLER_COMPRESSED = 0x2;
  private static final int EXTRA = 0x40;
  private static final int CRC_PLAIN = 0x100;
  private static final int CRC_COMPRESSED = 0x200;
  private static final int FILTER = 0x800;

  private final InputStream in;
  private final LzoDecompressor decompressor = new LzoDecompressor();
  private final int flags;

  LzopInputStream(InputStream in) throws IOException {
    super(MAX_BLOCK);
    this.in = in;
    if (!Arrays.equals(Streams.exactly(in, MAGIC.length, "lzop"), MAGIC)) {
      throw new MalformedException("lzop: another magic number");
    }
    flags = header();
  }

  private int header() throws IOException {
    int version = number(2);
    boolean current = version >= 0x940;
    Streams.skip(in, current ? 4 : 2, "lzop header"); // versions of library and format
    int method = number(1);
    if (method < 1 || method > 3) {
      throw new MalformedException("lzop: method " + method);
    }
    Streams.skip(in, current ? 1 : 0, "lzop header"); // level
    int found = number(4);
    if ((found & FILTER) != 0) {
      throw new MalformedException("lzop: filtered data is not read");
    }
    Streams.skip(in, current ? 12 : 8, "lzop header"); // mode and time
    Streams.skip(in, number(1) + 4, "lzop header"); // name and check sum
    if ((found & EXTRA) != 0) {
      Streams.skip(in, Integer.toUnsignedLong(number(4)) + 4, "lzop extra field");
    }
    return found;
  }

  private int number(int length) throws IOException {
    byte[] raw = Streams.exactly(in, length, "lzop header");
    int value = 0;
    for (byte b : raw) {
      value = value << 8 | (b & 0xff);
    }
    return value;
  }

  @Override
  int nextBlock() throws IOException {
    int plain = number(4);
    if (plain == 0) {
      return 0;
    }
    int stored = number(4);
    if (plain < 0 || plain > MAX_BLOCK || stored <= 0 || stored > plain) {
      throw new MalformedException("lzop: a block of " + stored + " for " + plain + " bytes");
    }
    int adler = (flags & ADLER_PLAIN) != 0 ? number(4) : 0;
    int crc = (flags & CRC_PLAIN) != 0 ? number(4) : 0;
    if (stored < plain) {
      Streams.skip(in, (flags & ADLER_COMPRESSED) != 0 ? 4 : 0, "lzop block");
      Streams.skip(in, (flags & CRC_COMPRESSED) != 0 ? 4 : 0, "lzop block");
    }
    byte[] data = Streams.exactly(in, stored, "lzop block");
    if (stored == plain) {
      System.arraycopy(data, 0, block, 0, plain);
    } else if (decompressor.decompress(data, 0, stored, block, 0, plain) != plain) {
      throw new MalformedException("lzop: a block of another length than it says");
    }
    if ((flags & ADLER_PLAIN) != 0) {
      check(new Adler32(), plain, adler);
    }
    if ((flags & CRC_PLAIN) != 0) {
      check(new CRC32(), plain, crc);
    }
    return plain;
  }

  private void check(Checksum sum, int length, int expected) {
    sum.update(block, 0, length);
    if ((int) sum.getValue() != expected) {
      throw new MalformedException("lzop: a block with a wrong check sum");
    }
  }
}
