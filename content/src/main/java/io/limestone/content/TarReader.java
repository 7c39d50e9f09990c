package io.limestone.content;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Members of a tar archive, one after another: ustar, pax (POSIX.1-2001 pax, "pax Interchange
 * Format") and GNU long names and numbers. Sparse files are refused, since what is stored is not
 * what is read. Not thread-safe.
 */
public final class TarReader {
  private static final int BLOCK = 512;
  private static final int MAX_EXTENDED = 1 << 20;
  private static final int MAX_HEADERS = 16;

  private final InputStream in;
  private final Budget budget;
  private long bodyLeft;
  private long padding;

  public TarReader(InputStream in, Budget budget) {
    this.in = in;
    this.budget = budget;
  }

  /** What a member is. */
  public enum Type {
    FILE,
    HARD_LINK,
    SYMLINK,
    DIRECTORY,
    SPECIAL
  }

  /**
   * A member; {@link #body} is its content.
   *
   * @param link the target of a link, else empty
   * @param size bytes of the body
   */
  public record Member(String name, Type type, String link, long owner, long size) {}

  /**
   * The next member; nothing at the end of the archive.
   *
   * @throws MalformedException if this is no tar archive, or is cut short
   */
  public Optional<Member> next() throws IOException {
    Map<String, String> extended = new HashMap<>();
    for (int headers = 0; headers < MAX_HEADERS; headers++) {
      Streams.skip(in, bodyLeft + padding, "tar: body");
      bodyLeft = 0;
      padding = 0;
      byte[] header = header();
      if (header.length == 0) {
        if (!extended.isEmpty()) {
          throw new MalformedException("tar: ends behind an extended header");
        }
        return Optional.empty();
      }
      char type = (char) header[156];
      long size = number(header, 124, 12);
      switch (type) {
        case 'x' -> pax(text(size), extended);
        case 'g' -> text(size); // defaults for all members: none that matter here
        case 'L' -> extended.put("path", withoutZeros(text(size)));
        case 'K' -> extended.put("linkpath", withoutZeros(text(size)));
        default -> {
          return Optional.of(member(header, type, size, extended));
        }
      }
    }
    throw new MalformedException("tar: more than " + MAX_HEADERS + " extended headers in a row");
  }

  /** The rest of the member's body; do not use it after {@link #next}. */
  public InputStream body() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] buffer, int from, int length) throws IOException {
        if (bodyLeft == 0) {
          return -1;
        }
        int n = in.read(buffer, from, (int) Math.min(length, bodyLeft));
        if (n < 0) {
          throw new MalformedException("tar: ends within a member");
        }
        bodyLeft -= n;
        return n;
      }
    };
  }

  /** A header that is not all zeros, or nothing at the end: two blocks of zeros, or no more. */
  private byte[] header() throws IOException {
    byte[] header = in.readNBytes(BLOCK);
    if (isZero(header)) {
      byte[] second = in.readNBytes(BLOCK);
      if (second.length > 0 && !isZero(second)) {
        throw new MalformedException("tar: one block of zeros alone: is this the end?");
      }
      return new byte[0];
    }
    if (header.length == 0) {
      return header;
    }
    if (header.length != BLOCK) {
      throw new MalformedException("tar: ends within a header");
    }
    long sum = 0;
    for (int i = 0; i < BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
    }
    if (sum != number(header, 148, 8)) {
      throw new MalformedException("tar: a header with a wrong check sum");
    }
    return header;
  }

  private static boolean isZero(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return block.length == BLOCK;
  }

  private Member member(byte[] header, char type, long headerSize, Map<String, String> extended) {
    if (type == 'S' || extended.keySet().stream().anyMatch(key -> key.startsWith("GNU.sparse"))) {
      throw new MalformedException("tar: sparse files are not read");
    }
    String name = extended.getOrDefault("path", ustarName(header));
    String link = extended.getOrDefault("linkpath", Streams.text(header, 157, 100));
    long size = extended.containsKey("size") ? decimal(extended, "size") : headerSize;
    long owner = extended.containsKey("uid") ? decimal(extended, "uid") : number(header, 108, 8);
    budget.countEntry(name + link);
    if (name.isEmpty() || name.length() > Budget.MAX_NAME || link.length() > Budget.MAX_NAME) {
      throw new MalformedException("tar: a name that is empty or too long");
    }
    if (name.indexOf(0) >= 0 || link.indexOf(0) >= 0) {
      throw new MalformedException("tar: a zero byte in a name");
    }
    Type kind =
        switch (type) {
          case '0', '7', 0 -> name.endsWith("/") && size == 0 ? Type.DIRECTORY : Type.FILE;
          case '1' -> Type.HARD_LINK;
          case '2' -> Type.SYMLINK;
          case '5' -> Type.DIRECTORY;
          case '3', '4', '6' -> Type.SPECIAL;
          default -> throw new MalformedException("tar: " + name + ": unknown type " + (int) type);
        };
    if (kind == Type.FILE && name.endsWith("/")) {
      throw new MalformedException("tar: " + name + ": a directory with data, or a file as one?");
    }
    bodyLeft = kind == Type.FILE ? size : 0; // the others have none, whatever the header says
    padding = -bodyLeft & (BLOCK - 1);
    return new Member(name, kind, link, owner, bodyLeft);
  }

  private static String ustarName(byte[] header) {
    String name = Streams.text(header, 0, 100);
    boolean ustar =
        new String(header, 257, 6, StandardCharsets.ISO_8859_1).equals("ustar\0"); // not GNU's
    String prefix = ustar ? Streams.text(header, 345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private byte[] text(long size) throws IOException {
    if (size > MAX_EXTENDED) {
      throw new MalformedException("tar: an extended header of " + size + " bytes");
    }
    byte[] text = Streams.exactly(in, (int) size, "tar: extended header");
    Streams.skip(in, -size & (BLOCK - 1), "tar: extended header");
    budget.countEntry();
    return text;
  }

  /** Records of {@code LENGTH SP KEY=VALUE LF}, the length counting all of it. */
  private static void pax(byte[] text, Map<String, String> into) {
    int at = 0;
    while (at < text.length) {
      int blank = at;
      int length = 0;
      while (blank < text.length && text[blank] >= '0' && text[blank] <= '9' && blank - at < 8) {
        length = 10 * length + text[blank++] - '0';
      }
      int end = at + length;
      if (blank >= text.length
          || text[blank] != ' '
          || length < blank - at + 3
          || end > text.length
          || text[end - 1] != '\n') {
        throw new MalformedException("tar: a pax record that is none");
      }
      String record = new String(text, blank + 1, end - blank - 2, StandardCharsets.UTF_8);
      int equals = record.indexOf('=');
      if (equals < 1) {
        throw new MalformedException("tar: a pax record without a key");
      }
      if (equals < record.length() - 1) { // an empty value stands for the header's own
        into.put(record.substring(0, equals), record.substring(equals + 1));
      }
      at = end;
    }
  }

  private static String withoutZeros(byte[] text) {
    return Streams.text(text, 0, text.length);
  }

  private static long decimal(Map<String, String> extended, String key) {
    String text = extended.getOrDefault(key, "");
    if (!text.matches("[0-9]{1,18}")) {
      throw new MalformedException("tar: pax " + key + " is not a number");
    }
    return Long.parseLong(text);
  }

  /** Octal digits, or a base-256 number marked by the top bit (GNU tar). */
  private static long number(byte[] header, int from, int length) {
    if ((header[from] & 0x80) != 0) {
      long value = header[from] & 0x7f;
      for (int i = from + 1; i < from + length; i++) {
        if (value >> 52 != 0) {
          throw new MalformedException("tar: a number that is too large or negative");
        }
        value = value << 8 | (header[i] & 0xff);
      }
      return value;
    }
    String digits = Streams.text(header, from, length).strip();
    if (!digits.matches("[0-7]{0,20}")) {
      throw new MalformedException("tar: a header with a number that is none");
    }
    return digits.isEmpty() ? 0 : Long.parseLong(digits, 8); // less than 2 to the 60th
  }
}
