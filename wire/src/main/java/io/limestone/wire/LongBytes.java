package io.limestone.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A byte string that may be too long to have twice, such as a measurement list: in pieces as they
 * came, to be read one after the other and never put together. Not to be written to by readers.
 */
public final class LongBytes {
  public static final LongBytes EMPTY = new LongBytes(List.of());

  /** Bytes that stand in an array from an offset on up to another, one at least. */
  @SuppressWarnings("ArrayRecordComponent") // a window, never compared
  public record Piece(byte[] array, int from, int to) {
    public Piece {
      Objects.checkFromToIndex(from, to, array.length);
      if (from == to) {
        throw new IllegalArgumentException("an empty piece");
      }
    }
  }

  private final List<Piece> pieces;
  private final int size;

  /** The pieces, in order; their arrays are not copied. */
  public LongBytes(List<Piece> pieces) {
    this.pieces = List.copyOf(pieces);
    int sum = 0;
    for (Piece piece : pieces) {
      sum = Math.addExact(sum, piece.to - piece.from);
    }
    this.size = sum;
  }

  /** The array itself, not copied: do not change it. */
  public static LongBytes of(byte[] whole) {
    return whole.length == 0 ? EMPTY : new LongBytes(List.of(new Piece(whole, 0, whole.length)));
  }

  public static LongBytes of(Bytes whole) {
    return of(whole.shared());
  }

  public List<Piece> pieces() {
    return pieces;
  }

  public int size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /** The first bytes, {@code max} at most. */
  public byte[] head(int max) {
    byte[] head = new byte[Math.min(max, size)];
    int at = 0;
    for (Piece piece : pieces) {
      int length = Math.min(piece.to - piece.from, head.length - at);
      System.arraycopy(piece.array, piece.from, head, at, length);
      at += length;
    }
    return head;
  }

  /** A copy in one array. */
  public byte[] toArray() {
    return head(size);
  }

  /** Whether both are the same bytes, however they are cut. */
  @Override
  public boolean equals(Object other) {
    return other instanceof LongBytes bytes
        && size == bytes.size
        && Arrays.equals(toArray(), bytes.toArray());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(toArray());
  }

  @Override
  public String toString() {
    return Bytes.of(head(65)) + (size > 64 ? " of " + size + " bytes" : "");
  }

  /**
   * Takes bytes as they come. What is built needs no more memory than its size and a piece; small
   * ones no more than twice their size.
   */
  public static final class Builder {
    /** Bytes of a piece. Smaller than what garbage collectors give a region of its own. */
    public static final int PIECE = 256 * 1024;

    private final List<Piece> full = new ArrayList<>();
    private byte[] last = new byte[4096];
    private int used;
    private int size;

    public Builder add(byte[] from) {
      int at = 0;
      while (at < from.length) {
        if (used == last.length) {
          room();
        }
        int length = Math.min(last.length - used, from.length - at);
        System.arraycopy(from, at, last, used, length);
        used += length;
        at += length;
      }
      size = Math.addExact(size, from.length);
      return this;
    }

    private void room() {
      if (last.length < PIECE) {
        last = Arrays.copyOf(last, Math.min(PIECE, 4 * last.length));
      } else {
        full.add(new Piece(last, 0, used));
        last = new byte[PIECE];
        used = 0;
      }
    }

    public int size() {
      return size;
    }

    /** All of it; the builder must not be used any more. */
    public LongBytes build() {
      if (used > 0) {
        full.add(new Piece(last, 0, used));
      }
      return new LongBytes(full);
    }
  }
}
