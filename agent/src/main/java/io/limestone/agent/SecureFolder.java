package io.limestone.agent;

import io.limestone.agent.Posix.User;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder for keys and payload: in memory, ours alone, and verified to be so whenever something
 * is put there (threat T4), since who could prepare another folder at its place would read the
 * secrets.
 */
final class SecureFolder implements AutoCloseable {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private final Path folder;
  private final long maxBytes;
  private final boolean mounted;

  private SecureFolder(Path folder, long maxBytes, boolean mounted) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.mounted = mounted;
  }

  /**
   * Prepares the folder while the agent may still be root: a tmpfs of its own, given to {@code
   * owner}. Without the right to mount, a folder on a tmpfs of the system, to which {@code place}
   * then is a link.
   */
  static SecureFolder prepare(Path place, long maxBytes, Optional<User> owner, int gid)
      throws IOException {
    int uid = owner.map(User::uid).orElseGet(Posix::effectiveUserId);
    if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS) && whyNot(place, uid).isEmpty()) {
      return new SecureFolder(place, maxBytes, true);
    }
    if (Posix.effectiveUserId() == 0) {
      try {
        if (Files.isSymbolicLink(place)) {
          Files.delete(place);
        }
        Files.createDirectories(place);
        Posix.mountTmpfs(place.toString(), maxBytes, uid, gid);
        verify(place, uid);
        return new SecureFolder(place, maxBytes, true);
      } catch (IOException e) {
        Log.warning("cannot mount a tmpfs", "folder", place, "reason", e.getMessage());
      }
    }
    return shared(place, maxBytes, uid, owner, gid);
  }

  /** A folder on a tmpfs that the system has anyway, named after this agent's own folder. */
  private static SecureFolder shared(
      Path place, long maxBytes, int uid, Optional<User> owner, int gid) throws IOException {
    String name =
        "limestone-"
            + Integer.toUnsignedString(uid)
            + "-"
            + Integer.toHexString(place.toString().hashCode());
    for (String base :
        List.of(System.getenv().getOrDefault("XDG_RUNTIME_DIR", ""), "/run/lock", "/dev/shm")) {
      if (base.isEmpty() || !Files.isWritable(Path.of(base)) || !isTmpfs(Path.of(base))) {
        continue;
      }
      Path folder = Path.of(base, name);
      if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(PRIVATE));
        if (owner.isPresent()) {
          Files.setAttribute(folder, "unix:gid", gid);
          Files.setAttribute(folder, "unix:uid", uid);
        }
      }
      verify(folder, uid);
      link(place, folder);
      return new SecureFolder(folder, maxBytes, false);
    }
    throw new IOException("no memory-backed file system to put a payload on");
  }

  private static void link(Path place, Path folder) throws IOException {
    if (Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.delete(place); // succeeds only if it is empty, and then nothing is lost
      } catch (IOException notEmpty) {
        throw new IOException(
            place + " is not memory-backed and not empty: move it away", notEmpty);
      }
    }
    Files.deleteIfExists(place);
    Files.createSymbolicLink(place, folder);
  }

  private static void verify(Path folder, int uid) throws IOException {
    Optional<String> why = whyNot(folder, uid);
    if (why.isPresent()) {
      throw new IOException(folder + " " + why.get());
    }
  }

  /** Why secrets must not be put there, if so. */
  private static Optional<String> whyNot(Path folder, int uid) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of("is no folder");
    }
    if (!isTmpfs(folder)) {
      return Optional.of("is not on a memory-backed file system");
    }
    if (!Integer.valueOf(uid)
        .equals(Files.getAttribute(folder, "unix:uid", LinkOption.NOFOLLOW_LINKS))) {
      return Optional.of("belongs to another user");
    }
    return Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS).equals(PRIVATE)
        ? Optional.empty()
        : Optional.of("is open to other users");
  }

  private static boolean isTmpfs(Path folder) throws IOException {
    return Set.of("tmpfs", "ramfs").contains(Files.getFileStore(folder).type());
  }

  /** How much may be put there. */
  long maxBytes() {
    return maxBytes;
  }

  Path path() {
    return folder;
  }

  /**
   * {@code unzipped}, empty.
   *
   * @throws IOException also if the folder is not what it was
   */
  Path freshUnzipped() throws IOException {
    verify(folder, Posix.effectiveUserId());
    Path unzipped = unzipped();
    deleteTree(unzipped);
    return Files.createDirectory(unzipped, PosixFilePermissions.asFileAttribute(PRIVATE));
  }

  Path unzipped() {
    return folder.resolve("unzipped");
  }

  /** Unmounts an empty folder; with a payload in it, it stays for whoever uses that. */
  @Override
  public void close() throws IOException {
    if (!mounted || Posix.effectiveUserId() != 0) {
      return;
    }
    try (Stream<Path> content = Files.list(folder)) {
      if (content.findAny().isPresent()) {
        return;
      }
    }
    Posix.unmount(folder.toString());
  }

  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
