package io.limestone.evidence;

import io.limestone.evidence.ImaTemplate.Field;
import io.limestone.tpm.HashAlg;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads an IMA measurement list in the kernel's ASCII form, entry by entry, over the bytes as they
 * came (ima.md §1 to §4). For each entry it makes the template data, the bytes that the kernel
 * hashed, and checks the template hash. What it shows of an entry is good until {@link #next}, and
 * no entry leaves garbage. Not thread-safe.
 *
 * <p>A line is {@code PCR SP template-hash SP template-name SP fields}, ended by LF; the last one
 * may lack it; empty lines do not count.
 */
public final class ImaCursor {
  /** Bytes of the longest line that is read: far above a kernel's, file names end at 4096. */
  public static final int MAX_LINE = 1 << 20;

  /** What a line turned out to be. */
  public enum Kind {
    ENTRY,
    /**
     * The template hash is all zeros: the kernel saw a file change between measurement and use and
     * extended the PCR with all ones. Only zeros mean this: literal ones are a wrong hash.
     */
    VIOLATION,
    /** Not an entry; see {@link #problem}. It cannot be replayed. */
    MALFORMED
  }

  private final byte[] text;
  private final MessageDigest logHash;
  private final byte[] column = new byte[64];
  private final byte[] computed;
  private byte[] data = new byte[1024];
  private int dataLength;

  private int position;
  private int lineFrom;
  private int lineTo;
  private long entries;

  private Kind kind = Kind.MALFORMED;
  private String problem = "";
  private int pcr;
  private boolean hashMatches;
  private @Nullable ImaTemplate template;
  private @Nullable FileDigest digestAlg;
  private final Span digest = new Span();
  private final Span name = new Span();
  private final Span extra = new Span();

  /**
   * @param text not copied; do not change it while reading
   * @param logHash what the kernel hashed the template data with for the second column
   */
  public ImaCursor(byte[] text, HashAlg logHash) {
    this.text = text;
    this.logHash = logHash.newDigest();
    this.computed = new byte[logHash.size()];
  }

  /** Goes to the next line that is not empty; false at the end. */
  public boolean next() {
    while (position < text.length) {
      lineFrom = position;
      int end = lineFrom;
      while (end < text.length && text[end] != '\n') {
        end++;
      }
      lineTo = end;
      position = end + 1;
      if (lineTo > lineFrom) {
        entries++;
        read();
        return true;
      }
    }
    return false;
  }

  /** Lines shown so far, malformed ones included, empty ones not. */
  public long entries() {
    return entries;
  }

  public Kind kind() {
    return kind;
  }

  /** Why the line is no entry. */
  public String problem() {
    return problem;
  }

  /** The line for people, cut at {@code max} characters. */
  public String line(int max) {
    return new Span().show(text, lineFrom, lineTo).printable(max);
  }

  /** The PCR number of the first column; -1 if it is none. */
  public int pcr() {
    return pcr;
  }

  /** Whether the second column is the hash of the template data; always false for a violation. */
  public boolean hashMatches() {
    return hashMatches;
  }

  public ImaTemplate template() {
    if (template == null) {
      throw new IllegalStateException("a malformed line has no template");
    }
    return template;
  }

  public FileDigest digestAlg() {
    if (digestAlg == null) {
      throw new IllegalStateException("a malformed line has no digest");
    }
    return digestAlg;
  }

  /** The digest of the file or buffer. */
  public Span digest() {
    return digest;
  }

  /** The name of the file or buffer: bytes of no particular encoding. */
  public Span name() {
    return name;
  }

  /**
   * The signature of an {@code ima-sig} entry, the data of an {@code ima-buf} entry, or nothing.
   */
  public Span extra() {
    return extra;
  }

  /** The bytes that the kernel hashed. */
  public Span templateData() {
    return new Span().show(data, 0, dataLength);
  }

  /** Extends a PCR as the kernel did for this line; a malformed one cannot be. */
  public void extend(PcrReplay replay) {
    switch (kind) {
      case ENTRY -> replay.measure(data, dataLength);
      case VIOLATION -> replay.violate();
      case MALFORMED -> {}
    }
  }

  private void read() {
    kind = Kind.MALFORMED;
    hashMatches = false;
    dataLength = 0;
    String complaint = lineTo - lineFrom > MAX_LINE ? "longer than 1 MiB" : parse();
    if (complaint != null) {
      problem = complaint;
    }
  }

  private @Nullable String parse() {
    int afterPcr = space(lineFrom);
    int afterHash = afterPcr < 0 ? -1 : space(afterPcr + 1);
    int afterName = afterHash < 0 ? -1 : space(afterHash + 1);
    if (afterName < 0) {
      return "fewer than four columns";
    }
    pcr = number(lineFrom, afterPcr);
    int hashDigits = afterHash - afterPcr - 1;
    if (hashDigits < 2
        || hashDigits > 2 * column.length
        || !Ascii.unhex(text, afterPcr + 1, afterHash, column, 0)) {
      return "template hash is not hex";
    }
    template = ImaTemplate.named(text, afterHash + 1, afterName);
    if (template == null) {
      return "unknown template";
    }
    room(lineTo - lineFrom + 320);
    String complaint = fields(template, afterName + 1);
    if (complaint == null) {
      judge(hashDigits / 2);
    }
    return complaint;
  }

  private @Nullable String fields(ImaTemplate of, int from) {
    extra.show(data, 0, 0);
    int at = from;
    for (int i = 0; i < of.fieldCount(); i++) {
      boolean last = i == of.fieldCount() - 1;
      int to = last ? lineTo : space(at);
      if (to < 0) {
        return "fewer fields than " + of.kernelName() + " has";
      }
      String complaint = field(of.field(i), at, to);
      if (complaint != null) {
        return complaint;
      }
      at = to + 1;
    }
    return null;
  }

  private @Nullable String field(Field field, int from, int to) {
    return switch (field) {
      case D -> bareDigest(from, to);
      case N -> fixedName(from, to);
      case D_NG -> namedDigest(from, to);
      case N_NG -> {
        name.show(text, from, to);
        length(to - from + 1);
        copy(from, to);
        data[dataLength++] = 0;
        yield null;
      }
      case SIG, BUF -> {
        length((to - from) / 2);
        yield hex(extra, from, to) ? null : "signature or data is not hex";
      }
    };
  }

  private @Nullable String bareDigest(int from, int to) {
    digestAlg = to - from == 40 ? FileDigest.SHA1 : FileDigest.MD5;
    if (to - from != 2 * digestAlg.size() || !hex(digest, from, to)) {
      return "digest is neither SHA-1 nor MD5";
    }
    while (dataLength < 20) { // the kernel pads MD5 to the 20 bytes of the field
      data[dataLength++] = 0;
    }
    return null;
  }

  private @Nullable String fixedName(int from, int to) {
    if (to - from > 255) {
      return "name of more than 255 bytes";
    }
    name.show(text, from, to);
    copy(from, to);
    Arrays.fill(data, dataLength, dataLength + 256 - (to - from), (byte) 0);
    dataLength += 256 - (to - from);
    return null;
  }

  private @Nullable String namedDigest(int from, int to) {
    int colon = from;
    while (colon < to && text[colon] != ':') {
      colon++;
    }
    digestAlg = colon == to ? null : FileDigest.named(text, from, colon);
    if (digestAlg == null) {
      return "digest of an unknown algorithm";
    }
    length(colon - from + 2 + digestAlg.size());
    copy(from, colon + 1);
    data[dataLength++] = 0;
    if (to - colon - 1 != 2 * digestAlg.size() || !hex(digest, colon + 1, to)) {
      return "digest is not one of " + digestAlg.kernelName();
    }
    return null;
  }

  private void judge(int columnLength) {
    boolean zero = columnLength == computed.length;
    for (int i = 0; zero && i < columnLength; i++) {
      zero = column[i] == 0;
    }
    if (zero) {
      kind = Kind.VIOLATION;
      return;
    }
    kind = Kind.ENTRY;
    logHash.update(data, 0, dataLength);
    try {
      logHash.digest(computed, 0, computed.length);
    } catch (DigestException e) {
      throw new IllegalStateException(e); // the output is exactly as long as the digest
    }
    hashMatches = Arrays.equals(column, 0, columnLength, computed, 0, computed.length);
  }

  private boolean hex(Span span, int from, int to) {
    int length = (to - from) / 2;
    span.show(data, dataLength, dataLength + length);
    boolean good = Ascii.unhex(text, from, to, data, dataLength);
    dataLength += length;
    return good;
  }

  private void copy(int from, int to) {
    System.arraycopy(text, from, data, dataLength, to - from);
    dataLength += to - from;
  }

  /** Lengths in template data are 32 bits, least significant byte first. */
  private void length(int n) {
    data[dataLength++] = (byte) n;
    data[dataLength++] = (byte) (n >> 8);
    data[dataLength++] = (byte) (n >> 16);
    data[dataLength++] = (byte) (n >> 24);
  }

  private void room(int bytes) {
    if (data.length < bytes) {
      data = new byte[bytes + bytes / 2];
    }
  }

  private int space(int from) {
    for (int i = from; i < lineTo; i++) {
      if (text[i] == ' ') {
        return i;
      }
    }
    return -1;
  }

  private int number(int from, int to) {
    int n = 0;
    for (int i = from; i < to; i++) {
      int digit = text[i] - '0';
      if (digit < 0 || digit > 9 || i - from > 2) {
        return -1;
      }
      n = 10 * n + digit;
    }
    return from == to ? -1 : n;
  }
}
