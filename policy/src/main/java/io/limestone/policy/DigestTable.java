package io.limestone.policy;

import io.limestone.evidence.Span;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Names and the digests allowed for each, packed into one array: for policies of a million files.
 * Looking up makes no garbage. Immutable once built.
 *
 * <p>An entry in the arena is: length of the name (4 bytes), name, number of digests (4), then per
 * digest its length (1) and its bytes. A slot holds an entry's offset plus one; 0 is free.
 */
final class DigestTable {
  /** What the table says of a name with a digest. */
  enum Match {
    ABSENT,
    OTHER_DIGEST,
    LISTED
  }

  private byte[] arena = new byte[1024];
  private int used;
  private int[] slots = new int[16];
  private int names;
  private int digests;
  private int openCount = -1;

  /** Begins an entry; {@link #add} its digests. The names must differ. */
  void begin(byte[] name) {
    if (2 * (names + 1) > slots.length) {
      grow();
    }
    int at = used;
    room(name.length + 8);
    writeInt(name.length);
    System.arraycopy(name, 0, arena, used, name.length);
    used += name.length;
    openCount = used;
    writeInt(0);
    put(at);
    names++;
  }

  /** Adds a digest to the entry begun last. */
  void add(byte[] from, int length) {
    room(length + 1);
    arena[used++] = (byte) length;
    System.arraycopy(from, 0, arena, used, length);
    used += length;
    digests++;
    int count = readInt(openCount) + 1;
    int end = used;
    used = openCount;
    writeInt(count);
    used = end;
  }

  /** Gives back what building held in reserve. */
  DigestTable trim() {
    arena = Arrays.copyOf(arena, used);
    return this;
  }

  int names() {
    return names;
  }

  int digests() {
    return digests;
  }

  Match match(Span name, Span digest) {
    int entry = find(name.array(), name.from(), name.length());
    if (entry < 0) {
      return Match.ABSENT;
    }
    int at = entry + 4 + name.length();
    int count = readInt(at);
    at += 4;
    for (int i = 0; i < count; i++) {
      int length = arena[at++];
      if (length == digest.length()
          && Arrays.equals(
              arena, at, at + length, digest.array(), digest.from(), digest.from() + length)) {
        return Match.LISTED;
      }
      at += length;
    }
    return Match.OTHER_DIGEST;
  }

  /** The digests of a name, at most {@code max} of them. */
  List<Bytes> digestsOf(Span name, int max) {
    List<Bytes> found = new ArrayList<>();
    int entry = find(name.array(), name.from(), name.length());
    if (entry >= 0) {
      int at = entry + 4 + name.length();
      int count = Math.min(max, readInt(at));
      at += 4;
      for (int i = 0; i < count; i++) {
        int length = arena[at++];
        found.add(Bytes.of(Arrays.copyOfRange(arena, at, at + length)));
        at += length;
      }
    }
    return found;
  }

  private int find(byte[] array, int from, int length) {
    int slot = hash(array, from, length) & slots.length - 1;
    while (slots[slot] != 0) {
      int at = slots[slot] - 1;
      if (readInt(at) == length
          && Arrays.equals(arena, at + 4, at + 4 + length, array, from, from + length)) {
        return at;
      }
      slot = slot + 1 & slots.length - 1;
    }
    return -1;
  }

  private void put(int at) {
    int slot = hash(arena, at + 4, readInt(at)) & slots.length - 1;
    while (slots[slot] != 0) {
      slot = slot + 1 & slots.length - 1;
    }
    slots[slot] = at + 1;
  }

  private void grow() {
    int[] old = slots;
    slots = new int[2 * old.length];
    for (int slot : old) {
      if (slot != 0) {
        put(slot - 1);
      }
    }
  }

  private void room(int bytes) {
    long needed = (long) used + bytes;
    if (needed > arena.length) {
      if (needed > Integer.MAX_VALUE - 64) {
        throw new MalformedException("more names and digests than fit (2 GiB)");
      }
      arena = Arrays.copyOf(arena, (int) Math.min(2 * needed, Integer.MAX_VALUE - 64));
    }
  }

  private void writeInt(int value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      arena[used++] = (byte) (value >> shift);
    }
  }

  private int readInt(int at) {
    return (arena[at] & 0xff) << 24
        | (arena[at + 1] & 0xff) << 16
        | (arena[at + 2] & 0xff) << 8
        | (arena[at + 3] & 0xff);
  }

  private static int hash(byte[] array, int from, int length) {
    int h = length;
    for (int i = from; i < from + length; i++) {
      h = 31 * h + array[i];
    }
    h ^= h >>> 16;
    h *= 0x85ebca6b;
    return h ^ h >>> 13;
  }
}
