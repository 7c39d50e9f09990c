package io.limestone.server.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** Files with key material: readable by their owner alone, or refused (T8). */
public final class PrivateFiles {
  private static final Set<PosixFilePermission> OWNER =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private PrivateFiles() {}

  /**
   * Writes a new file of mode 0600, whole or not at all.
   *
   * @throws IOException also if it already exists
   */
  public static void create(Path file, byte[] content) throws IOException {
    Path partial =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            "." + file.getFileName(),
            ".new",
            PosixFilePermissions.asFileAttribute(OWNER));
    try {
      try (FileChannel out = FileChannel.open(partial, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      // A link fails where the name is taken; a rename would replace what is there.
      Files.createLink(file, partial);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /**
   * The content of a private file.
   *
   * @throws IOException also if its mode lets anyone but its owner at it
   */
  public static byte[] read(Path file) throws IOException {
    check(file);
    return Files.readAllBytes(file);
  }

  /** Refuses a file that is open to others than its owner. */
  public static void check(Path file) throws IOException {
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
    if (!EnumSet.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.OWNER_EXECUTE)
        .containsAll(mode)) {
      throw new IOException(
          file
              + " holds a key and is open to others ("
              + PosixFilePermissions.toString(mode)
              + "): chmod 600 "
              + file);
    }
  }

  /** Makes an empty file of mode 0600 if it is not there; takes others' rights away if it is. */
  static void own(Path file) {
    try {
      if (Files.notExists(file)) {
        Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER));
      } else if (!OWNER.containsAll(Files.getPosixFilePermissions(file))) {
        Files.setPosixFilePermissions(file, OWNER);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + file + " its owner's alone", e);
    }
  }

  /** Makes a folder of mode 0700 if it is not there. */
  public static void folder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  /** Writes a file that everyone may read, in place of what is there, whole or not at all. */
  public static void publish(Path file, byte[] content) throws IOException {
    Path partial = file.resolveSibling("." + file.getFileName() + ".new");
    Files.write(partial, content);
    Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }
}
