package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Archives for tests. The tar archives are by another implementation. */
final class Archives {
  private Archives() {}

  /** A cpio archive under construction, good or bad. */
  static final class Cpio {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int inode = 1;

    Cpio file(String name, String content) {
      return member(name, 0100644, inode++, 1, bytes(content));
    }

    Cpio link(String name, int number, int links, String content) {
      return member(name, 0100644, number, links, bytes(content));
    }

    Cpio symlink(String name, String target) {
      return member(name, 0120777, inode++, 1, bytes(target));
    }

    Cpio directory(String name) {
      return member(name, 0040755, inode++, 2, new byte[0]);
    }

    Cpio fifo(String name) {
      return member(name, 0010644, inode++, 1, new byte[0]);
    }

    Cpio member(String name, int mode, int number, int links, byte[] content) {
      byte[] nameBytes = bytes(name + "\0");
      header("070701", mode, number, links, content.length, nameBytes.length, 0);
      return padded(nameBytes).padded(content);
    }

    Cpio checked(String name, String content, int checksum) {
      byte[] nameBytes = bytes(name + "\0");
      header("070702", 0100644, inode++, 1, bytes(content).length, nameBytes.length, checksum);
      return padded(nameBytes).padded(bytes(content));
    }

    Cpio header(
        String magic, int mode, int number, int links, long size, int nameSize, int checksum) {
      String header =
          "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
              .formatted(magic, number, mode, 0, 0, links, 0, size, 8, 1, 0, 0, nameSize, checksum);
      out.writeBytes(bytes(header));
      return this;
    }

    Cpio padded(byte[] part) {
      out.writeBytes(part);
      out.writeBytes(new byte[-out.size() & 3]);
      return this;
    }

    byte[] cut() {
      return out.toByteArray();
    }

    byte[] end() {
      return member("TRAILER!!!", 0, 0, 1, new byte[0]).cut();
    }
  }

  /** A tar archive of files by name. */
  static byte[] tar(Map<String, String> files) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
      for (Map.Entry<String, String> file : files.entrySet()) {
        byte[] content = bytes(file.getValue());
        TarArchiveEntry entry = new TarArchiveEntry(file.getKey());
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** A tar archive of one member with a link. */
  static byte[] tarLink(String name, byte type, String target) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      TarArchiveEntry entry = new TarArchiveEntry(name, type);
      entry.setLinkName(target);
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  interface Wrapping {
    OutputStream around(OutputStream out) throws IOException;
  }

  static byte[] compressed(byte[] content, Wrapping way) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream compressor = way.around(out)) {
      compressor.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List.of(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }

  static Bytes sha256(String content) {
    return HashAlg.SHA256.digest(Bytes.of(bytes(content)));
  }

  /** Files of a tree with the digests that their contents, given here, have. */
  static Map<String, Bytes> digests(String... namesAndContents) {
    Map<String, Bytes> digests = new TreeMap<>();
    for (int i = 0; i < namesAndContents.length; i += 2) {
      digests.put(namesAndContents[i], sha256(namesAndContents[i + 1]));
    }
    return digests;
  }

  static Map<String, Bytes> files(FileTree tree) {
    Map<String, Bytes> files = new TreeMap<>();
    tree.forEachFile((path, digest, owner) -> files.put(path, digest));
    return files;
  }

  /** In the order given. */
  static Map<String, String> ordered(String... namesAndContents) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndContents.length; i += 2) {
      map.put(namesAndContents[i], namesAndContents[i + 1]);
    }
    return map;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
