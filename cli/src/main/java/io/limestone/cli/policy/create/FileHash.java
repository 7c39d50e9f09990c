package io.limestone.cli.policy.create;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** Hashing files of this machine. */
final class FileHash {
  private static final int BUFFER = 128 * 1024;
  private static final ThreadLocal<byte[]> BUFFERS =
      ThreadLocal.withInitial(() -> new byte[BUFFER]);

  private FileHash() {}

  /** Lower-case hex of the file's digest; a symbolic link is not followed. */
  static String of(Path file, HashAlg alg) throws IOException {
    MessageDigest hash = alg.newDigest();
    feed(file, hash);
    return Encoding.hex(hash.digest());
  }

  static void feed(Path file, MessageDigest... hashes) throws IOException {
    byte[] buffer = BUFFERS.get();
    try (InputStream in =
        Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      int n;
      while ((n = in.read(buffer)) > 0) {
        for (MessageDigest hash : hashes) {
          hash.update(buffer, 0, n);
        }
      }
    }
  }
}
