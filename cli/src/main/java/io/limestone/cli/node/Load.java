package io.limestone.cli.node;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.wire.Encoding;
import io.limestone.wire.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What a node gets when it has proven itself: the payload, still in the clear, and the key that
 * signs revocation notices to it.
 */
record Load(Optional<Secret> payload, Optional<Secret> revocationKey) {
  static final Option FILE =
      Option.value(
          "--file", "FILE", "The secret to hand over, as it is; a zip is unpacked by the node");
  static final Option FOLDER =
      Option.value(
          "--payload-dir",
          "DIR",
          "The secrets to hand over: the files in DIR, packed as a zip; autorun.sh is run by the node");
  static final Option REVOCATION_KEY =
      Option.value(
          "--revocation-key",
          "FILE",
          "PEM of the RSA private key that signs revocation notices; its certificate belongs into the payload as RevocationNotifier-cert.crt");
  static final List<Option> OPTIONS = List.of(FILE, FOLDER, REVOCATION_KEY);

  /** The sealed payload may be 1 MiB as base64 text (pull-protocol.md section 5.4). */
  private static final int MOST_BYTES = 1_048_576 / 4 * 3 - 32;

  static Load of(Arguments arguments) throws IOException {
    if (arguments.has(FILE) && arguments.has(FOLDER)) {
      throw CommandFailed.unusable("either --file or --payload-dir, not both");
    }
    Optional<Secret> payload = Optional.empty();
    Optional<Path> file = arguments.path(FILE);
    Optional<Path> folder = arguments.path(FOLDER);
    if (file.isPresent()) {
      payload = Optional.of(read(file.get()));
    } else if (folder.isPresent()) {
      payload = Optional.of(zip(folder.get()));
    }
    if (payload.isPresent() && payload.get().size() > MOST_BYTES) {
      throw CommandFailed.unusable(
          "the payload has "
              + payload.get().size()
              + " bytes, and agents take at most "
              + MOST_BYTES
              + ": hand over a key, and fetch what it unlocks");
    }
    Optional<Path> key = arguments.path(REVOCATION_KEY);
    return new Load(payload, key.isPresent() ? Optional.of(read(key.get())) : Optional.empty());
  }

  private static Secret read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      return Secret.of(bytes);
    } finally {
      Encoding.wipe(bytes);
    }
  }

  /** The plain files of a folder, stored and not compressed, in the order of their names. */
  private static Secret zip(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files = entries.filter(Files::isRegularFile).sorted().toList();
    }
    if (files.isEmpty()) {
      throw CommandFailed.unusable("there are no files in " + folder);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes, StandardCharsets.UTF_8)) {
      for (Path file : files) {
        byte[] content = Files.readAllBytes(file);
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(file.getFileName().toString());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
        Encoding.wipe(content);
      }
    }
    return Secret.of(bytes.toByteArray());
  }
}
