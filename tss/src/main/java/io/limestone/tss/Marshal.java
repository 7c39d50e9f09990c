package io.limestone.tss;

import io.limestone.wire.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The border: structures in wire form on the Java side, C structures on the other, {@code
 * Tss2_MU_<type>_Unmarshal} and {@code …_Marshal} in between.
 */
final class Marshal {
  private static final int MAX = 8192;

  private Marshal() {}

  /** The C structure {@code type} for these wire bytes; lives as long as {@code arena}. */
  static MemorySegment toC(Arena arena, String type, Bytes wire) throws TpmException {
    return toC(arena, type, wire.toArray());
  }

  static MemorySegment toC(Arena arena, String type, byte[] wire) throws TpmException {
    MemorySegment structure = Libtss2.structure(arena);
    MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, wire);
    MemorySegment offset = arena.allocate(ValueLayout.JAVA_LONG);
    String function = "Tss2_MU_" + type + "_Unmarshal";
    check(function, Libtss2.call(function, "plpp", buffer, (long) wire.length, offset, structure));
    buffer.fill((byte) 0);
    return structure;
  }

  /**
   * The wire bytes of the C structure {@code type} that {@code pointer} points to, as ESYS returned
   * it; it is wiped and freed.
   */
  static Bytes take(Arena arena, String type, MemorySegment pointer) throws TpmException {
    byte[] bytes = takeArray(arena, type, pointer);
    return Bytes.of(bytes);
  }

  static byte[] takeArray(Arena arena, String type, MemorySegment pointer) throws TpmException {
    MemorySegment structure = pointer.get(ValueLayout.ADDRESS, 0);
    try {
      MemorySegment buffer = arena.allocate(MAX);
      MemorySegment offset = arena.allocate(ValueLayout.JAVA_LONG);
      String function = "Tss2_MU_" + type + "_Marshal";
      check(function, Libtss2.call(function, "pplp", structure, buffer, (long) MAX, offset));
      MemorySegment used = buffer.asSlice(0, offset.get(ValueLayout.JAVA_LONG, 0));
      byte[] bytes = used.toArray(ValueLayout.JAVA_BYTE);
      used.fill((byte) 0);
      return bytes;
    } finally {
      Libtss2.free(structure);
    }
  }

  static void check(String function, int code) throws TpmException {
    if (code != 0) {
      throw new TpmException(function, code);
    }
  }
}
