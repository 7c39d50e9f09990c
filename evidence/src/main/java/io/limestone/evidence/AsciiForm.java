package io.limestone.evidence;

import io.limestone.evidence.ImaTemplate.Field;
import io.limestone.wire.LongBytes;
import io.limestone.wire.LongBytes.Piece;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's {@code ascii_runtime_measurements}: a line is {@code PCR SP template-hash SP
 * template-name SP fields}, ended by LF; the last one may lack it; empty lines do not count.
 */
final class AsciiForm implements ImaForm {
  /** Line feeds in one file name that are coped with. */
  private static final int MAX_JOINED = 16;

  private final List<Piece> pieces;

  // Where reading is: in a piece of the list.
  private int index = -1;
  private byte[] piece = new byte[0];
  private int position;
  private int limit;
  private int passed; // bytes of the pieces before it

  // The current entry: where it stands in the piece, or in a copy if it stands in two.
  private byte[] text = piece;
  private int lineFrom;
  private int lineTo;
  private byte[] copy = piece;
  private int copied;
  private int startIndex;
  private int startPosition;
  private long lines;
  private int joined;

  // Consecutive lines are much alike: what the last one had is tried first.
  private int hashDigits;
  private int templateFrom;
  private int templateTo;
  private @Nullable ImaTemplate template;
  private int prefixFrom;
  private int prefixTo;
  private @Nullable Field prefixField;
  private @Nullable FileDigest prefixAlg;
  private boolean prefixVerity;

  private int at;

  AsciiForm(LongBytes list) {
    this.pieces = list.pieces();
  }

  @Override
  public boolean next() {
    joined = 0;
    do {
      while (position < limit && piece[position] == '\n') {
        position++;
      }
    } while (position == limit && turn());
    if (position == limit) {
      return false;
    }
    startIndex = index;
    startPosition = position;
    int end = Ascii.find(piece, position, limit, '\n');
    if (end == limit && index + 1 < pieces.size()) {
      gather();
    } else {
      if (text != piece) {
        forget();
      }
      text = piece;
      lineFrom = position;
      lineTo = end;
      position = Math.min(end + 1, limit);
    }
    lines++;
    return true;
  }

  /** Goes to the next piece, if there is one. */
  private boolean turn() {
    if (index + 1 == pieces.size()) {
      return false;
    }
    passed += index < 0 ? 0 : size(index);
    enter(index + 1);
    return true;
  }

  /** Goes back to where the current entry begins. */
  private void rewind() {
    for (int i = startIndex; i < index; i++) {
      passed -= size(i);
    }
    enter(startIndex);
    position = startPosition;
  }

  private void enter(int newIndex) {
    Piece entered = pieces.get(newIndex);
    index = newIndex;
    piece = entered.array();
    position = entered.from();
    limit = entered.to();
  }

  private int size(int ofIndex) {
    return pieces.get(ofIndex).to() - pieces.get(ofIndex).from();
  }

  /**
   * Copies the current entry together: it goes on in the next piece, or is made of several lines.
   * Of one that is too long to be read, only the beginning.
   */
  private void gather() {
    rewind();
    copied = 0;
    for (int lineFeeds = 0; ; ) {
      int end = Ascii.find(piece, position, limit, '\n');
      keep(position, end);
      position = end;
      if (end < limit) {
        position++;
        if (lineFeeds++ == joined) {
          break;
        }
        keep(end, end + 1);
      } else if (!turn()) {
        break;
      }
    }
    forget();
    text = copy;
    lineFrom = 0;
    lineTo = copied;
  }

  private void keep(int from, int to) {
    int length = Math.min(to - from, MAX_ENTRY + 1 - copied);
    if (copied + length > copy.length) {
      copy = Arrays.copyOf(copy, Math.max(4096, 2 * (copied + length)));
    }
    System.arraycopy(piece, from, copy, copied, length);
    copied += length;
  }

  /** What was remembered of the last line stood elsewhere. */
  private void forget() {
    template = null;
    prefixAlg = null;
  }

  /**
   * A line feed in a file name breaks the entry into lines. Agents then count each of them; so do
   * {@link #entries}, for the next request to begin at the right one.
   */
  @Override
  public boolean join() {
    boolean ended = position == limit && index + 1 == pieces.size();
    if (ended || joined == MAX_JOINED || lineTo - lineFrom > MAX_ENTRY) {
      return false;
    }
    joined++;
    lines++;
    gather();
    return true;
  }

  @Override
  public void unjoin() {
    lines -= joined;
    joined = 0;
    gather();
  }

  @Override
  public long entries() {
    return lines;
  }

  @Override
  public int consumed() {
    return index < 0 ? 0 : passed + position - pieces.get(index).from();
  }

  @Override
  public String show(int max) {
    return new Span().show(text, lineFrom, lineTo).printable(max);
  }

  @Override
  public @Nullable String read(ImaFields into) {
    if (lineTo - lineFrom > MAX_ENTRY) {
      return "longer than 1 MiB";
    }
    int afterPcr = Ascii.find(text, lineFrom, lineTo, ' ');
    into.pcr = afterPcr - lineFrom > 3 ? -1 : (int) Ascii.decimal(text, lineFrom, afterPcr);
    int afterHash = templateHash(into, afterPcr + 1);
    int afterName = afterHash < 0 ? lineTo : Ascii.find(text, afterHash + 1, lineTo, ' ');
    if (afterName >= lineTo) {
      return columns() < 3 ? "fewer than four columns" : "template hash is not hex";
    }
    if (afterHash < 0) {
      return "template hash is not hex";
    }
    ImaTemplate of = template(afterHash + 1, afterName);
    if (of == null) {
      return "unknown template";
    }
    into.template = of;
    into.room(lineTo - lineFrom + 320); // hex halves, lengths and padding add at most this
    at = afterName + 1;
    int fields = of.fieldCount();
    for (int i = 0; i < fields; i++) {
      if (at > lineTo) {
        return "fewer fields than " + of.kernelName() + " has";
      }
      String complaint = field(into, of.field(i), i == fields - 1);
      if (complaint != null) {
        return complaint;
      }
    }
    if (at <= lineTo) {
      return "more fields than " + of.kernelName() + " has";
    }
    into.done();
    return null;
  }

  /** Decodes the second column; where it ends, or -1 if it is none. */
  private int templateHash(ImaFields into, int from) {
    int to = from + hashDigits;
    if (hashDigits > 0
        && to < lineTo
        && text[to] == ' '
        && Ascii.unhex(text, from, to, into.column, 0)) {
      into.columnLength = hashDigits / 2;
      return to;
    }
    to = Ascii.find(text, Math.min(from, lineTo), lineTo, ' ');
    int digits = to - from;
    if (digits < 2
        || digits > 2 * into.column.length
        || !Ascii.unhex(text, from, to, into.column, 0)) {
      return -1;
    }
    hashDigits = digits;
    into.columnLength = digits / 2;
    return to;
  }

  private int columns() {
    int columns = 0;
    for (int i = lineFrom; i < lineTo && columns < 3; i++) {
      columns += text[i] == ' ' ? 1 : 0;
    }
    return columns;
  }

  private @Nullable ImaTemplate template(int from, int to) {
    if (template == null || !Arrays.equals(text, from, to, text, templateFrom, templateTo)) {
      template = ImaTemplate.named(text, from, to);
      templateFrom = from;
      templateTo = to;
    }
    return template;
  }

  /** Reads the field at {@code at}, and moves that behind the blank that follows. */
  private @Nullable String field(ImaFields into, Field field, boolean last) {
    int from = at;
    if (field == Field.D_NG || field == Field.D_NGV2) {
      return digest(into, field, from);
    }
    int to = last ? lineTo : Ascii.find(text, from, lineTo, ' ');
    at = to + 1;
    return switch (field) {
      case D -> bareDigest(into, from, to);
      case N -> fixedName(into, from, to);
      case N_NG -> {
        into.name.show(text, from, to);
        into.putLength(to - from + 1);
        into.put(text, from, to);
        into.putByte(0);
        yield null;
      }
      case SIG, BUF -> hex(into, from, to, into.extra);
      case HEX -> hex(into, from, to, new Span());
      case XATTR_NAMES -> {
        into.putLength(to == from ? 0 : to - from + 1);
        into.put(text, from, to);
        into.putZeros(to == from ? 0 : 1);
        yield null;
      }
      case D_MODSIG -> modsigDigest(into, from, to);
      case U32 -> number(into, from, to, 4);
      case U16 -> number(into, from, to, 2);
      case D_NG, D_NGV2 -> throw new IllegalStateException("read above");
    };
  }

  private @Nullable String bareDigest(ImaFields into, int from, int to) {
    FileDigest alg = to - from == 40 ? FileDigest.SHA1 : FileDigest.MD5;
    into.digestAlg = alg;
    if (to - from != 2 * alg.size() || !into.putHex(text, from, to, into.digest)) {
      return "digest is neither SHA-1 nor MD5";
    }
    into.putZeros(20 - alg.size()); // the field has 20 bytes
    return null;
  }

  private @Nullable String fixedName(ImaFields into, int from, int to) {
    if (to - from > 255) {
      return ImaFields.LONG_NAME;
    }
    if (Ascii.find(text, from, to, '\0') < to) {
      return ImaFields.ZERO_IN_NAME;
    }
    into.name.show(text, from, to);
    into.put(text, from, to);
    into.putZeros(256 - (to - from));
    return null;
  }

  private @Nullable String digest(ImaFields into, Field field, int from) {
    FileDigest alg = prefix(into, field, from);
    if (alg == null) {
      return "digest of an unknown algorithm";
    }
    into.digestAlg = alg;
    into.verity = prefixVerity;
    int hexFrom = prefixTo;
    int to = hexFrom + 2 * alg.size();
    if (to > lineTo || (to < lineTo && text[to] != ' ')) {
      return "digest is not one of " + alg.kernelName();
    }
    into.putLength(hexFrom - from + 1 + alg.size());
    into.put(text, from, hexFrom);
    into.putByte(0);
    if (!into.putHex(text, hexFrom, to, into.digest)) {
      return "digest is not one of " + alg.kernelName();
    }
    at = to + 1;
    return null;
  }

  /** The algorithm of the prefix at {@code from}, which then ends at {@link #prefixTo}. */
  private @Nullable FileDigest prefix(ImaFields into, Field field, int from) {
    int known = prefixTo - prefixFrom;
    if (prefixAlg == null
        || prefixField != field
        || from + known > lineTo
        || !Arrays.equals(text, from, from + known, text, prefixFrom, prefixTo)) {
      int colon = Ascii.find(text, from, lineTo, ':');
      if (field == Field.D_NGV2) {
        colon = Ascii.find(text, Math.min(colon + 1, lineTo), lineTo, ':');
      }
      prefixField = field;
      prefixAlg = colon == lineTo ? null : into.prefix(field, text, from, colon);
      prefixVerity = into.verity;
      known = colon + 1 - from;
    }
    prefixFrom = from;
    prefixTo = from + known;
    return prefixAlg;
  }

  private @Nullable String modsigDigest(ImaFields into, int from, int to) {
    if (from == to) {
      into.putLength(0);
      return null;
    }
    int colon = Ascii.find(text, from, to, ':');
    FileDigest alg = colon == to ? null : FileDigest.named(text, from, colon);
    if (alg == null || to - colon - 1 != 2 * alg.size()) {
      return "digest without the appended signature is none";
    }
    into.putLength(colon - from + 2 + alg.size());
    into.put(text, from, colon + 1);
    into.putByte(0);
    return into.putHex(text, colon + 1, to, new Span())
        ? null
        : "digest without the appended signature is not hex";
  }

  private @Nullable String hex(ImaFields into, int from, int to, Span shown) {
    into.putLength((to - from) / 2);
    return into.putHex(text, from, to, shown) ? null : "signature or data is not hex";
  }

  private @Nullable String number(ImaFields into, int from, int to, int bytes) {
    long value = from == to ? 0 : Ascii.decimal(text, from, to);
    if (value < 0 || (value >> (8 * bytes)) != 0) {
      return "owner or mode is not a number";
    }
    into.putLength(from == to ? 0 : bytes);
    into.putNumber(value, from == to ? 0 : bytes);
    return null;
  }
}
