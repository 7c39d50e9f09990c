package io.limestone.agent;

import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Unpacks a payload's archive. Names that lead out of the folder are refused, and entries and
 * unpacked bytes are bounded as they come, whatever the archive says of itself (attack 36). Links
 * and modes in the archive mean nothing.
 */
final class ZipContent {
  private static final int MAX_ENTRIES = 1000;
  private static final int MAX_DEPTH = 16;
  private static final FileAttribute<?> FILE_MODE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<?> FOLDER_MODE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private ZipContent() {}

  static boolean isZip(byte[] content) {
    return content.length >= 4
        && content[0] == 'P'
        && content[1] == 'K'
        && ((content[2] == 3 && content[3] == 4) || (content[2] == 5 && content[3] == 6));
  }

  /**
   * Unpacks into {@code folder}.
   *
   * @throws MalformedException if the archive is damaged, hostile or too large; a part of it may
   *     lie in the folder then
   */
  static void unpack(byte[] zip, Path folder, long maxBytes) throws IOException {
    long left = maxBytes;
    int entries = 0;
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        if (++entries > MAX_ENTRIES) {
          throw new MalformedException("payload has more than " + MAX_ENTRIES + " files");
        }
        Path target = inside(folder, entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(target, FOLDER_MODE);
        } else {
          Files.createDirectories(target.getParent(), FOLDER_MODE);
          left -= copy(in, target, left);
        }
      }
    } catch (java.util.zip.ZipException | IllegalArgumentException e) {
      throw new MalformedException("payload is a damaged zip archive", e);
    }
  }

  private static Path inside(Path folder, String name) {
    boolean plain = !name.isEmpty() && !name.startsWith("/") && name.indexOf('\\') < 0;
    for (int i = 0; plain && i < name.length(); i++) {
      plain = !Character.isISOControl(name.charAt(i));
    }
    Path target = plain ? folder.resolve(name).normalize() : folder;
    if (target.equals(folder)
        || !target.startsWith(folder)
        || !target.equals(folder.resolve(name))
        || target.getNameCount() - folder.getNameCount() > MAX_DEPTH) {
      throw new MalformedException("payload has a file name that leads out of its folder");
    }
    return target;
  }

  private static long copy(ZipInputStream in, Path target, long left) throws IOException {
    byte[] buffer = new byte[8192];
    long copied = 0;
    try (OutputStream out = newFile(target)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        copied += read;
        if (copied > left) {
          throw new MalformedException("payload unpacks to more than secure_size");
        }
        out.write(buffer, 0, read);
      }
    }
    return copied;
  }

  private static OutputStream newFile(Path target) throws IOException {
    try {
      Files.createFile(target, FILE_MODE);
    } catch (java.nio.file.FileAlreadyExistsException e) {
      throw new MalformedException("payload has one file name twice", e);
    }
    return Files.newOutputStream(target, StandardOpenOption.WRITE);
  }
}
