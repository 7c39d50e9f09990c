package io.limestone.policy;

import io.limestone.evidence.Span;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Names and the digests allowed for each, packed into one array: for policies of a million files.
 * Looking up makes no garbage, and mostly touches memory twice. Immutable once built.
 *
 * <p>An entry in the arena begins at a multiple of 8: length of the name (4 bytes), name, number of
 * digests (4), then per digest its length (1) and its bytes. A slot is an eighth of an entry's
 * offset, below 4 bits of the hash of its name, which spare most looks at other names; 0 is free.
 * Slots are small because where they lie in memory is the one thing that cannot be foreseen when a
 * list is read: the fewer bytes, the more of them the processor keeps near.
 */
final class DigestTable {
  /** What the table says of a name with a digest. */
  enum Match {
    ABSENT,
    OTHER_DIGEST,
    LISTED
  }

  /** Two of three slots are taken at most: chance makes no row of slots nearly as long as this. */
  private static final int MAX_PROBES = 2000;

  private static final int ALIGN = 8;
  private static final int OFFSET_BITS = 28; // an array ends below 8 << 28
  private static final int OFFSET = (1 << OFFSET_BITS) - 1;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] arena = new byte[1024];
  private int used = ALIGN; // no entry at 0, which is what a free slot says
  private int[] slots = new int[16];
  private int names;
  private int digests;
  private int openCount = -1;

  /** Begins an entry; {@link #add} its digests. The names must differ. */
  void begin(byte[] name) {
    if (3 * (names + 1L) > 2L * slots.length) {
      grow();
    }
    room(name.length + 8 + ALIGN);
    int at = aligned(used);
    INT.set(arena, at, name.length);
    System.arraycopy(name, 0, arena, at + 4, name.length);
    openCount = at + 4 + name.length;
    INT.set(arena, openCount, 0);
    used = openCount + 4;
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
    INT.set(arena, openCount, readInt(openCount) + 1);
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
    int hash = hash(array, from, length);
    int tag = hash & ~OFFSET;
    int slot = hash & slots.length - 1;
    for (int probes = 0; probes <= MAX_PROBES; probes++) { // put() went no further either
      int there = slots[slot];
      if (there == 0) {
        return -1;
      }
      if ((there & ~OFFSET) == tag) {
        int at = (there & OFFSET) * ALIGN;
        if (readInt(at) == length
            && Arrays.equals(arena, at + 4, at + 4 + length, array, from, from + length)) {
          return at;
        }
      }
      slot = slot + 1 & slots.length - 1;
    }
    return -1;
  }

  private void put(int at) {
    int hash = hash(arena, at + 4, readInt(at));
    int slot = hash & slots.length - 1;
    for (int probes = 0; slots[slot] != 0; probes++) {
      if (probes == MAX_PROBES) {
        throw new MalformedException("names that were chosen to slow down looking them up");
      }
      slot = slot + 1 & slots.length - 1;
    }
    slots[slot] = (hash & ~OFFSET) | (at / ALIGN);
  }

  private void grow() {
    slots = new int[2 * slots.length];
    int at = ALIGN;
    for (int i = 0; i < names; i++) {
      put(at);
      at = aligned(end(at));
    }
  }

  /** Where the entry at an offset ends. */
  private int end(int entry) {
    int at = entry + 4 + readInt(entry);
    int count = readInt(at);
    at += 4;
    for (int i = 0; i < count; i++) {
      at += 1 + arena[at];
    }
    return at;
  }

  private static int aligned(int offset) {
    return (offset + ALIGN - 1) & -ALIGN;
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

  private int readInt(int at) {
    return (int) INT.get(arena, at);
  }

  private static int hash(byte[] array, int from, int length) {
    long h = length;
    int to = from + length;
    long rest = 0;
    if (length < 8) {
      for (int i = from; i < to; i++) {
        rest = rest << 8 | (array[i] & 0xff);
      }
    } else {
      for (int i = from; i + 8 < to; i += 8) {
        h = mixed(h ^ (long) LONG.get(array, i));
      }
      rest = (long) LONG.get(array, to - 8); // some of them for the second time
    }
    h = mixed(h ^ rest);
    // Names differ in their last letters, which are high bits here: a product moves bits only up.
    return (int) (mixed(h ^ h >>> 32) >>> 32);
  }

  private static long mixed(long h) {
    long product = h * 0x9e37_79b9_7f4a_7c15L;
    return product ^ product >>> 29;
  }
}
