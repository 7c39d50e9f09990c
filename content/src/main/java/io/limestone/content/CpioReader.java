package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A cpio archive in the "new ASCII" form, with or without check sums: the only ones that Linux
 * takes for an initramfs (kernel documentation, "initramfs buffer format"). A header is 110 bytes:
 * the magic number and 13 numbers of 8 hex digits, then the name and the data, each padded to 4.
 */
public final class CpioReader {
  static final String NEWC = "070701";
  static final String CRC = "070702";

  private static final int HEADER = 110;
  private static final String TRAILER = "TRAILER!!!";
  private static final int TYPE = 0170000;

  private final InputStream in;
  private final HashAlg alg;
  private final Budget budget;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<Inode, List<String>> awaitingData = new HashMap<>();
  private final Map<Inode, Entry.File> withData = new HashMap<>();
  private long position;

  private CpioReader(InputStream in, HashAlg alg, Budget budget) {
    this.in = in;
    this.alg = alg;
    this.budget = budget;
  }

  /**
   * Reads one archive up to and with its trailer; the stream then stands right behind it.
   *
   * @throws MalformedException if it is none, is cut short, or has an absolute name or {@code ..}
   */
  public static List<Entry> read(InputStream in, HashAlg alg, Budget budget) throws IOException {
    CpioReader reader = new CpioReader(in, alg, budget);
    boolean more = true;
    while (more) {
      more = reader.member();
    }
    return reader.finish();
  }

  private record Header(
      boolean checked,
      Inode inode,
      int mode,
      long owner,
      long links,
      long size,
      int nameSize,
      long checksum) {}

  /** The links of one file carry its data only once. */
  private record Inode(long major, long minor, long number) {}

  private boolean member() throws IOException {
    Header header = header();
    String name = name(header.nameSize);
    if (name.equals(TRAILER)) {
      if (header.size != 0) {
        throw new MalformedException("cpio: a trailer with data");
      }
      return false;
    }
    budget.countEntry(name);
    if (name.startsWith("/")) {
      throw new MalformedException("cpio: absolute name " + name);
    }
    switch (header.mode & TYPE) {
      case 0100000 -> file(name, header);
      case 0040000 -> withoutData(name, header, new Entry.Directory());
      case 0120000 -> symlink(name, header);
      case 0010000, 0020000, 0060000, 0140000 -> withoutData(name, header, new Entry.Special());
      default ->
          throw new MalformedException(
              "cpio: " + name + ": unknown type in mode " + Integer.toOctalString(header.mode));
    }
    return true;
  }

  private Header header() throws IOException {
    byte[] raw = Streams.exactly(in, HEADER, "cpio header at offset " + position);
    String text = new String(raw, StandardCharsets.ISO_8859_1);
    String magic = text.substring(0, 6);
    if (!magic.equals(NEWC) && !magic.equals(CRC)) {
      throw new MalformedException("cpio: no header at offset " + position);
    }
    position += HEADER;
    long nameSize = number(text, 11);
    if (nameSize < 2 || nameSize > Budget.MAX_NAME) {
      throw new MalformedException("cpio: a name of " + nameSize + " bytes at offset " + position);
    }
    return new Header(
        magic.equals(CRC),
        new Inode(number(text, 7), number(text, 8), number(text, 0)),
        (int) number(text, 1),
        number(text, 2),
        number(text, 4),
        number(text, 6),
        (int) nameSize,
        number(text, 12));
  }

  private long number(String header, int index) {
    int from = 6 + 8 * index;
    long value = 0;
    for (int i = from; i < from + 8; i++) {
      int digit = Character.digit(header.charAt(i), 16);
      if (digit < 0) {
        throw new MalformedException("cpio: not a hex number in the header before " + position);
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private String name(int size) throws IOException {
    byte[] raw = Streams.exactly(in, size, "cpio name");
    position += size;
    pad("cpio name");
    String name = Streams.text(raw, 0, size);
    if (raw[size - 1] != 0 || raw[0] == 0) {
      throw new MalformedException("cpio: a name that does not end in one zero byte");
    }
    return name;
  }

  private void file(String name, Header header) throws IOException {
    MessageDigest hash = alg.newDigest();
    boolean linked = header.links > 1;
    if (linked && header.size == 0) {
      linkTo(name, header, hash);
      return;
    }
    if (header.checked) {
      hashChecked(name, header, hash);
    } else {
      Streams.hash(in, header.size, hash, "cpio: " + name);
    }
    position += header.size;
    pad(name);
    Entry.File file = new Entry.File(Bytes.of(hash.digest()), header.owner);
    entries.add(new Entry(name, file));
    if (linked) {
      Entry.File other = withData.putIfAbsent(header.inode, file);
      if (other != null && !other.digest().equals(file.digest())) {
        throw new MalformedException("cpio: " + name + ": a hard link to a file of other content");
      }
      awaitingData
          .getOrDefault(header.inode, List.of())
          .forEach(link -> entries.add(new Entry(link, file)));
      awaitingData.remove(header.inode);
    }
  }

  /** One link of a file has its data, mostly the last one. */
  private void linkTo(String name, Header header, MessageDigest empty) {
    Entry.File file = withData.get(header.inode);
    if (file == null) {
      awaitingData.computeIfAbsent(header.inode, i -> new ArrayList<>()).add(name);
      file = new Entry.File(Bytes.of(empty.digest()), header.owner); // until the data comes
    }
    entries.add(new Entry(name, file));
  }

  /** The check sum is the sum of all bytes. */
  private void hashChecked(String name, Header header, MessageDigest hash) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    long sum = 0;
    long left = header.size;
    while (left > 0) {
      int n = (int) Math.min(buffer.length, left);
      byte[] part = Streams.exactly(in, n, "cpio: " + name);
      for (byte b : part) {
        sum += b & 0xff;
      }
      hash.update(part);
      left -= n;
    }
    if ((sum & 0xffffffffL) != header.checksum) {
      throw new MalformedException("cpio: " + name + ": the check sum is wrong");
    }
  }

  private void symlink(String name, Header header) throws IOException {
    if (header.size < 1 || header.size > Budget.MAX_NAME) {
      throw new MalformedException("cpio: " + name + ": a link of " + header.size + " bytes");
    }
    byte[] target = Streams.exactly(in, (int) header.size, "cpio: " + name);
    position += header.size;
    pad(name);
    entries.add(new Entry(name, new Entry.Symlink(Streams.text(target, 0, target.length))));
  }

  private void withoutData(String name, Header header, Entry.What what) {
    if (header.size != 0) {
      throw new MalformedException("cpio: " + name + ": data where no file is");
    }
    entries.add(new Entry(name, what));
  }

  private void pad(String field) throws IOException {
    int padding = (int) (-position & 3);
    Streams.skip(in, padding, field);
    position += padding;
  }

  private List<Entry> finish() {
    return entries;
  }
}
