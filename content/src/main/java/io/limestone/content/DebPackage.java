package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A Debian package (deb(5)): an {@code ar} archive whose member {@code data.tar…} holds the files.
 */
public final class DebPackage {
  private static final String MAGIC = "!<arch>\n";
  private static final int HEADER = 60;

  private DebPackage() {}

  /** The files of a package. */
  public static List<Entry> read(InputStream in, HashAlg alg, Budget budget) throws IOException {
    byte[] magic = Streams.exactly(in, MAGIC.length(), "deb");
    if (!new String(magic, StandardCharsets.ISO_8859_1).equals(MAGIC)) {
      throw new MalformedException("not a Debian package");
    }
    while (true) {
      byte[] raw = in.readNBytes(HEADER);
      if (raw.length != HEADER || raw[58] != '`' || raw[59] != '\n') {
        throw new MalformedException("deb: no member data.tar");
      }
      budget.countEntry();
      String name = new String(raw, 0, 16, StandardCharsets.ISO_8859_1).strip();
      String digits = new String(raw, 48, 10, StandardCharsets.ISO_8859_1).strip();
      if (!digits.matches("[0-9]{1,10}")) {
        throw new MalformedException("deb: a member without a size");
      }
      long size = Long.parseLong(digits);
      if (name.startsWith("data.tar")) {
        return TarFileSystem.read(
            budget.meter(Compression.decompressed(new Part(in, size))), alg, budget, false);
      }
      Streams.skip(in, size + (size & 1), "deb: " + name);
    }
  }

  private static final class Part extends FilterInputStream {
    private long left;

    Part(InputStream in, long size) {
      super(in);
      this.left = size;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int n = super.read(buffer, from, (int) Math.min(length, left));
      if (n < 0) {
        throw new MalformedException("deb: ends within a member");
      }
      left -= n;
      return n;
    }

    @Override
    public long skip(long n) throws IOException {
      long skipped = super.skip(Math.min(n, left));
      left -= skipped;
      return skipped;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
