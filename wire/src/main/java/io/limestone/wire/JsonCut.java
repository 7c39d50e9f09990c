package io.limestone.wire;

import io.limestone.wire.LongBytes.Piece;
import java.io.ByteArrayOutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A JSON object of which one text is too long to have twice: it is decoded where it stands, and cut
 * out. The rest is a short JSON text like any other, with an empty text in that place, and {@link
 * Json} reads it as strictly as ever. The text is found by its plain name; if that is written with
 * escapes, or stands there a second time, it is part of the rest, which is bounded.
 */
public final class JsonCut {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long EACH = 0x0101_0101_0101_0101L;
  private static final long HIGH = 0x8080_8080_8080_8080L;
  private static final int MAX_DEPTH = 64;

  private final LongBytes json;
  private final List<byte[]> path;
  private final int mostRest;
  private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
  private final byte[] name = new byte[64];
  private int nameLength;

  // Where reading and writing are. Writing follows behind, in the same pieces.
  private int readPiece = -1;
  private byte[] in = new byte[0];
  private int at;
  private int to;
  private int writePiece;
  private int writeAt;
  private final byte[] few = new byte[1];

  private JsonCut(LongBytes json, int mostRest, List<String> path) {
    this.json = json;
    this.mostRest = mostRest;
    this.path = path.stream().map(one -> one.getBytes(StandardCharsets.UTF_8)).toList();
  }

  /**
   * What a JSON object is made of.
   *
   * @param rest the object, with an empty text where {@code text} was
   * @param text decoded; absent if nothing was cut out
   */
  public record Parts(JsonObject rest, Optional<LongBytes> text) {}

  /**
   * Takes an object apart.
   *
   * @param json used up: its bytes are written over
   * @param mostRest bytes that there may be besides the text
   * @param path names of members, from the outermost object to the text
   * @throws MalformedException if it is no JSON object by the rules of {@link Json}
   */
  public static Parts of(LongBytes json, int mostRest, String... path) {
    JsonCut cut = new JsonCut(json, mostRest, List.of(path));
    Optional<LongBytes> text = cut.scan();
    return new Parts(Json.object(cut.rest.toByteArray()), text);
  }

  /** Goes through the object until the text was found, then copies what is left. */
  private Optional<LongBytes> scan() {
    Optional<LongBytes> found = Optional.empty();
    long objects = 0; // a bit for each depth: whether an object is open there, or a list
    int depth = 0;
    int matched = 0; // how many names of the path lead to where we are
    boolean nameNext = false;
    for (int b = next(); b >= 0; b = next()) {
      keep(b);
      switch (b) {
        case '{', '[' -> {
          if (depth == MAX_DEPTH) {
            throw new MalformedException("JSON: nested deeper than " + MAX_DEPTH);
          }
          objects = b == '{' ? objects | (1L << depth) : objects & ~(1L << depth);
          depth++;
          nameNext = b == '{';
        }
        case '}', ']' -> {
          depth = Math.max(0, depth - 1);
          matched = Math.min(matched, Math.max(0, depth - 1));
          nameNext = false;
        }
        case ',' -> {
          matched = Math.min(matched, Math.max(0, depth - 1));
          nameNext = depth > 0 && (objects & (1L << (depth - 1))) != 0;
        }
        case '"' -> {
          if (nameNext) {
            string();
            nameNext = false;
            boolean inPath = depth >= 1 && matched == depth - 1 && matched < path.size();
            matched += inPath && isName(path.get(matched)) ? 1 : 0;
          } else if (found.isEmpty() && matched == path.size() && depth == path.size()) {
            found = Optional.of(text());
            keep('"');
          } else {
            string();
          }
        }
        default -> {}
      }
    }
    return found;
  }

  private boolean isName(byte[] wanted) {
    return nameLength == wanted.length
        && Arrays.equals(name, 0, nameLength, wanted, 0, wanted.length);
  }

  /** Passes over a text that stays in the rest, and remembers its beginning. */
  private void string() {
    nameLength = 0;
    for (int b = next(); b >= 0; b = next()) {
      keep(b);
      if (b == '"') {
        return;
      }
      if (nameLength < name.length) {
        name[nameLength++] = (byte) b;
      }
      if (b == '\\') {
        keep(next());
      }
    }
  }

  private void keep(int b) {
    if (b >= 0) {
      if (rest.size() == mostRest) {
        throw new MalformedException(
            "JSON: more than " + mostRest + " bytes besides the text that may be long");
      }
      rest.write(b);
    }
  }

  /** The next byte; -1 at the end. */
  private int next() {
    return at < to || turn() ? in[at++] & 0xff : -1;
  }

  /** Goes to the next piece. */
  private boolean turn() {
    if (readPiece + 1 >= json.pieces().size()) {
      return false;
    }
    Piece piece = json.pieces().get(++readPiece);
    in = piece.array();
    at = piece.from();
    to = piece.to();
    return true;
  }

  /** Decodes the text that begins here, in place: decoded, none is longer than it was. */
  private LongBytes text() {
    if (at == to && !turn()) {
      throw unended();
    }
    int firstPiece = readPiece;
    int first = at;
    writePiece = readPiece;
    writeAt = at;
    while (true) {
      plain();
      int b = next();
      switch (b) {
        case -1 -> throw unended();
        case '"' -> {
          return written(firstPiece, first);
        }
        case '\\' -> escape();
        default -> {
          if (b < 0x20) {
            throw new MalformedException("JSON: a control character in a text");
          }
          utf8(b);
        }
      }
    }
  }

  private static MalformedException unended() {
    return new MalformedException("JSON: a text has no end");
  }

  /** Takes as many bytes as stand for themselves. */
  private void plain() {
    do {
      int from = at;
      while (at + 8 <= to && stands((long) LONG.get(in, at))) {
        at += 8;
      }
      while (at < to && in[at] >= 0x20 && in[at] != '"' && in[at] != '\\') {
        at++;
      }
      write(in, from, at);
    } while (at == to && turn());
  }

  /** Whether all eight bytes are ASCII, no controls, no quote, no backslash. */
  private static boolean stands(long x) {
    long quote = x ^ '"' * EACH;
    long backslash = x ^ '\\' * EACH;
    return ((x | x - 0x20 * EACH | quote - EACH | backslash - EACH) & HIGH) == 0;
  }

  private void write(byte[] from, int start, int end) {
    int i = start;
    while (i < end) {
      Piece piece = json.pieces().get(writePiece);
      int length = Math.min(end - i, piece.to() - writeAt);
      if (from != piece.array() || i != writeAt) {
        System.arraycopy(from, i, piece.array(), writeAt, length);
      }
      writeAt += length;
      i += length;
      if (writeAt == piece.to()) {
        writePiece++;
        writeAt = writePiece < json.pieces().size() ? json.pieces().get(writePiece).from() : 0;
      }
    }
  }

  private void escape() {
    int b = next();
    int character =
        switch (b) {
          case '"', '\\', '/' -> b;
          case 'b' -> '\b';
          case 'f' -> '\f';
          case 'n' -> '\n';
          case 'r' -> '\r';
          case 't' -> '\t';
          case 'u' -> unicode();
          default -> throw new MalformedException("JSON: an escape that there is not");
        };
    few[0] = (byte) character;
    byte[] bytes =
        character < 0x80 ? few : Character.toString(character).getBytes(StandardCharsets.UTF_8);
    write(bytes, 0, bytes.length);
  }

  /** The character of an escape by number, or of two that are a pair. */
  private int unicode() {
    char first = hex4();
    if (!Character.isSurrogate(first)) {
      return first;
    }
    boolean more = next() == '\\' && next() == 'u';
    char second = more ? hex4() : 0;
    if (!Character.isSurrogatePair(first, second)) {
      throw new MalformedException("JSON: half of a surrogate pair");
    }
    return Character.toCodePoint(first, second);
  }

  private char hex4() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(Math.max(0, next()), 16);
      if (digit < 0) {
        throw new MalformedException("JSON: an escape that there is not");
      }
      value = (value << 4) | digit;
    }
    return (char) value;
  }

  /** A character of several bytes (RFC 3629): none longer than need be, no surrogates. */
  private void utf8(int first) {
    int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    int least = more == 3 ? 0x1_0000 : more == 2 ? 0x800 : 0x80;
    int character = first & (0x3f >> more);
    byte[] bytes = new byte[more + 1];
    bytes[0] = (byte) first;
    for (int i = 1; i <= more; i++) {
      int b = next();
      if (b >> 6 != 0b10) {
        throw new MalformedException("JSON: invalid UTF-8");
      }
      bytes[i] = (byte) b;
      character = character << 6 | (b & 0x3f);
    }
    if (first < 0xc2
        || first > 0xf4
        || character < least
        || !Character.isValidCodePoint(character)
        || (character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE)) {
      throw new MalformedException("JSON: invalid UTF-8");
    }
    write(bytes, 0, bytes.length);
  }

  private LongBytes written(int firstPiece, int first) {
    List<Piece> written = new ArrayList<>();
    for (int i = firstPiece; i <= Math.min(writePiece, json.pieces().size() - 1); i++) {
      Piece piece = json.pieces().get(i);
      int from = i == firstPiece ? first : piece.from();
      int end = i == writePiece ? writeAt : piece.to();
      if (from < end) {
        written.add(new Piece(piece.array(), from, end));
      }
    }
    return new LongBytes(written);
  }
}
