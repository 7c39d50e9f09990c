package io.limestone.evidence;

import io.limestone.wire.LongBytes;
import org.jspecify.annotations.Nullable;

/** One of the two forms in which the kernel shows its measurement list. */
sealed interface ImaForm permits AsciiForm, BinaryForm {
  /** Bytes of the longest entry that is read: far above a kernel's, file names end at 4096. */
  int MAX_ENTRY = 1 << 20;

  /**
   * The form that the bytes are in. Binary entries begin with the PCR as a 32-bit number, so three
   * of the first four bytes are zero; a line of text has no such byte.
   */
  static ImaForm of(LongBytes list) {
    byte[] head = list.head(4);
    boolean littleEndian = head.length == 4 && head[1] == 0 && head[2] == 0 && head[3] == 0;
    boolean bigEndian = head.length == 4 && head[0] == 0 && head[1] == 0 && head[2] == 0;
    return littleEndian || bigEndian ? new BinaryForm(whole(list)) : new AsciiForm(list);
  }

  /** The list in one array. Binary lists are files, and in one piece: agents send text. */
  private static byte[] whole(LongBytes list) {
    LongBytes.Piece first = list.pieces().getFirst();
    return first.from() == 0 && first.to() == first.array().length && first.to() == list.size()
        ? first.array()
        : list.toArray();
  }

  /** Goes to the next entry; false at the end. */
  boolean next();

  /** Takes the entry apart; says what is wrong if it is none. */
  @Nullable String read(ImaFields into);

  /**
   * Takes the following piece of the list into the current entry, if it may be the rest of it. To
   * {@link #read} again.
   */
  boolean join();

  /** Takes back what was joined. */
  void unjoin();

  /** Pieces that agents count as entries, up to and including the current one. */
  long entries();

  /** Bytes of the list up to the end of the current entry. */
  int consumed();

  /** The current entry for people, cut at {@code max} characters. */
  String show(int max);
}
