package io.limestone.tss;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The three libraries of the Linux TPM2 software stack that are needed, by their Debian 12 names,
 * with a cached method handle per function. A function is asked for by its C name and by a short
 * signature of its parameters: {@code p} pointer, {@code i} 32 bits, {@code s} 16 bits, {@code l}
 * 64 bits ({@code size_t}), {@code b} one byte. Every function here returns a 32-bit {@code
 * TSS2_RC}.
 */
final class Libtss2 {
  /** Room for the largest structure that crosses, TPMS_CAPABILITY_DATA included. */
  private static final long STRUCTURE = 8192;

  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final SymbolLookup LIBRARIES =
      library("libtss2-esys.so.0")
          .or(library("libtss2-tctildr.so.0"))
          .or(library("libtss2-mu.so.0"));
  private static final Map<String, MethodHandle> HANDLES = new ConcurrentHashMap<>();

  private static final Map<String, MethodHandle> VOIDS = new ConcurrentHashMap<>();

  static {
    quiet();
  }

  private Libtss2() {}

  /** Calls {@code name} and returns its return code; 0 is success. */
  static int call(String name, String signature, Object... arguments) {
    try {
      return (int) handle(name, signature).invokeExact(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(name, e);
    }
  }

  private static MethodHandle handle(String name, String signature) {
    MethodHandle known = HANDLES.get(name);
    if (known != null) {
      return known;
    }
    MemoryLayout[] parameters =
        signature.chars().mapToObj(Libtss2::layout).toArray(MemoryLayout[]::new);
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                LIBRARIES.findOrThrow(name),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters))
            .asSpreader(Object[].class, parameters.length);
    HANDLES.put(name, handle);
    return handle;
  }

  private static MemoryLayout layout(int kind) {
    return switch (kind) {
      case 'p' -> POINTER;
      case 'i' -> ValueLayout.JAVA_INT;
      case 's' -> ValueLayout.JAVA_SHORT;
      case 'l' -> ValueLayout.JAVA_LONG;
      case 'b' -> ValueLayout.JAVA_BYTE;
      default -> throw new IllegalArgumentException("signature " + (char) kind);
    };
  }

  /**
   * The stack writes each failed command to standard error, also those that are expected to fail;
   * ours are told by {@link TpmException}. A {@code TSS2_LOG} of the user's own is left alone.
   */
  private static void quiet() {
    try (Arena arena = Arena.ofConfined()) {
      int unused =
          (int)
              Linker.nativeLinker()
                  .downcallHandle(
                      Linker.nativeLinker().defaultLookup().findOrThrow("setenv"),
                      FunctionDescriptor.of(
                          ValueLayout.JAVA_INT, POINTER, POINTER, ValueLayout.JAVA_INT))
                  .invokeExact(arena.allocateFrom("TSS2_LOG"), arena.allocateFrom("all+none"), 0);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("setenv", e);
    }
  }

  private static SymbolLookup library(String name) {
    try {
      return SymbolLookup.libraryLookup(name, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new UnsatisfiedLinkError(
          name + " is missing: install Debian's libtss2-esys-3.0.2-0 and libtss2-tctildr0");
    }
  }

  /** Gives back memory that ESYS allocated. */
  static void free(MemorySegment structure) {
    callVoid("Esys_Free", structure);
  }

  /** Calls one of the functions that take a pointer and return nothing. */
  static void callVoid(String name, MemorySegment pointer) {
    try {
      VOIDS.computeIfAbsent(name, Libtss2::takesPointer).invokeExact(pointer);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(name, e);
    }
  }

  private static MethodHandle takesPointer(String name) {
    return Linker.nativeLinker()
        .downcallHandle(LIBRARIES.findOrThrow(name), FunctionDescriptor.ofVoid(POINTER));
  }

  /** A zeroed segment for one C structure. */
  static MemorySegment structure(Arena arena) {
    return arena.allocate(STRUCTURE, 8);
  }
}
