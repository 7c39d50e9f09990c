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
 * <p>An entry in the arena is: length of the name (4 bytes), name, number of digests (4), then per
 * digest its length (1) and its bytes. A slot holds the hash of an entry's name and its offset plus
 * one, 32 bits each; 0 is free.
 */
final class DigestTable {
  /** What the table says of a name with a digest. */
  enum Match {
    ABSENT,
    OTHER_DIGEST,
    LISTED
  }

  /** At most half of the slots are taken: chance makes no row of slots nearly as long as this. */
  private static final int MAX_PROBES = 2000;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] arena = new byte[1024];
  private int used;
  private long[] slots = new long[16];
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
    put((long) hash(name, 0, name.length) << 32 | (at + 1));
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
    int hash = hash(array, from, length);
    int slot = hash & slots.length - 1;
    for (long there = slots[slot]; there != 0; there = slots[slot]) {
      int at = (int) there - 1;
      if ((int) (there >> 32) == hash
          && readInt(at) == length
          && Arrays.equals(arena, at + 4, at + 4 + length, array, from, from + length)) {
        return at;
      }
      slot = slot + 1 & slots.length - 1;
    }
    return -1;
  }

  private void put(long entry) {
    int slot = (int) (entry >> 32) & slots.length - 1;
    for (int probes = 0; slots[slot] != 0; probes++) {
      if (probes == MAX_PROBES) {
        throw new MalformedException("names that were chosen to slow down looking them up");
      }
      slot = slot + 1 & slots.length - 1;
    }
    slots[slot] = entry;
  }

  private void grow() {
    long[] old = slots;
    slots = new long[2 * old.length];
    for (long entry : old) {
      if (entry != 0) {
        put(entry);
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
    INT.set(arena, used, value);
    used += 4;
  }

  private int readInt(int at) {
    return (int) INT.get(arena, at);
  }

  private static int hash(byte[] array, int from, int length) {
    long h = length;
    int i = from;
    int to = from + length;
    for (; i + 8 <= to; i += 8) {
      h = mixed(h ^ (long) LONG.get(array, i));
    }
    long rest = 0;
    for (; i < to; i++) {
      rest = rest << 8 | (array[i] & 0xff);
    }
    h = mixed(h ^ rest);
    return (int) (h ^ h >>> 32);
  }

  private static long mixed(long h) {
    long product = h * 0x9e37_79b9_7f4a_7c15L;
    return product ^ product >>> 29;
  }
}
