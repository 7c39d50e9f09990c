package io.limestone.agent;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * The few calls of the C library that Java has no word for. glibc's {@code set*id} change all
 * threads of the process, not only the calling one.
 */
final class Posix {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final long MS_NOSUID = 2;
  private static final long MS_NODEV = 4;
  private static final int MNT_DETACH = 2;

  /** Where uid and gid lie in {@code struct passwd}, and gid in {@code struct group}. */
  private static final long AFTER_TWO_POINTERS = 2 * ADDRESS.byteSize();

  private Posix() {}

  /** A user of the system, as {@code getpwnam} knows it. */
  record User(String name, int uid, int gid) {}

  static int effectiveUserId() {
    try {
      return (int)
          LINKER
              .downcallHandle(
                  LINKER.defaultLookup().findOrThrow("geteuid"), FunctionDescriptor.of(JAVA_INT))
              .invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("geteuid", e);
    }
  }

  static Optional<User> user(String name) {
    return lookUp("getpwnam", name)
        .map(
            entry ->
                new User(
                    name,
                    entry.get(JAVA_INT, AFTER_TWO_POINTERS),
                    entry.get(JAVA_INT, AFTER_TWO_POINTERS + JAVA_INT.byteSize())));
  }

  static Optional<Integer> groupId(String name) {
    return lookUp("getgrnam", name).map(entry -> entry.get(JAVA_INT, AFTER_TWO_POINTERS));
  }

  private static Optional<MemorySegment> lookUp(String function, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found =
          (MemorySegment)
              LINKER
                  .downcallHandle(
                      LINKER.defaultLookup().findOrThrow(function),
                      FunctionDescriptor.of(ADDRESS, ADDRESS))
                  .invokeExact(arena.allocateFrom(name));
      return found.address() == 0
          ? Optional.empty()
          : Optional.of(found.reinterpret(AFTER_TWO_POINTERS + 2 * JAVA_INT.byteSize()));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(function, e);
    }
  }

  /** Becomes {@code user} with {@code gid} and the user's groups, without a way back. */
  static void become(User user, int gid) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      call(
          "initgroups",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          arena.allocateFrom(user.name()),
          gid);
      call("setgid", FunctionDescriptor.of(JAVA_INT, JAVA_INT), gid);
      call("setuid", FunctionDescriptor.of(JAVA_INT, JAVA_INT), user.uid());
    }
    if (user.uid() != 0 && regainsRoot()) {
      throw new IOException("privileges of root could be taken back after run_as");
    }
  }

  private static boolean regainsRoot() {
    try {
      call("setuid", FunctionDescriptor.of(JAVA_INT, JAVA_INT), 0);
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  /** Mounts a tmpfs: mode 0700, no devices, no set-uid programs. */
  static void mountTmpfs(String target, long bytes, int uid, int gid) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      String data =
          "size=%d,mode=0700,uid=%s,gid=%s"
              .formatted(bytes, Integer.toUnsignedString(uid), Integer.toUnsignedString(gid));
      call(
          "mount",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS),
          arena.allocateFrom("limestone"),
          arena.allocateFrom(target),
          arena.allocateFrom("tmpfs"),
          MS_NOSUID | MS_NODEV,
          arena.allocateFrom(data));
    }
  }

  /** Takes a mount out of the file tree; it ends when nobody uses it any more. */
  static void unmount(String target) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      call(
          "umount2",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          arena.allocateFrom(target),
          MNT_DETACH);
    }
  }

  private static void call(String function, FunctionDescriptor signature, Object... arguments)
      throws IOException {
    MethodHandle handle =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow(function),
            signature,
            Linker.Option.captureCallState("errno"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      Object[] all = new Object[arguments.length + 1];
      all[0] = state;
      System.arraycopy(arguments, 0, all, 1, arguments.length);
      if ((int) handle.invokeWithArguments(all) != 0) {
        int errno = (int) ERRNO.get(state, 0L);
        throw new IOException(function + ": " + words(errno) + " (errno " + errno + ")");
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(function, e);
    }
  }

  private static String words(int errno) {
    return switch (errno) {
      case 1 -> "not permitted";
      case 2 -> "no such file";
      case 13 -> "permission denied";
      case 16 -> "busy";
      case 22 -> "invalid argument";
      default -> "failed";
    };
  }
}
