package io.limestone.cli.boot;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * An event log in a file, and the bank that it is looked at in.
 *
 * @param bytes the file's
 * @param measured the log's events as the bank knows them
 */
record LogFile(Bytes bytes, BootLog log, HashAlg bank, List<MeasuredEvent> measured) {
  static final Option BANK =
      Option.value(
          "--bank",
          "HASH",
          "Which bank's digests to look at: sha256, sha1 … (default: sha256, or the best that the log has)");

  private static final int MAX_BYTES = 16 << 20;

  /** From the best to look at to the worst. */
  private static final List<HashAlg> PREFERRED =
      List.of(HashAlg.SHA256, HashAlg.SHA384, HashAlg.SHA512, HashAlg.SM3_256, HashAlg.SHA1);

  static LogFile read(String name, Arguments arguments) throws IOException {
    Bytes bytes = Bytes.of(content(name));
    BootLog log;
    try {
      log = BootLog.parse(bytes);
    } catch (MalformedException e) {
      throw e.in(name);
    }
    HashAlg bank = bank(log, arguments);
    return new LogFile(bytes, log, bank, log.measured(bank));
  }

  BootFacts facts() {
    return BootFacts.of(measured);
  }

  private static byte[] content(String name) throws IOException {
    try (InputStream in = name.equals("-") ? System.in : Files.newInputStream(Path.of(name))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw CommandFailed.unusable(name + " is larger than 16 MiB: no event log is");
      }
      return bytes;
    } catch (InvalidPathException e) {
      throw CommandFailed.unusable(name + ": not a file name: " + e.getReason());
    }
  }

  private static HashAlg bank(BootLog log, Arguments arguments) {
    if (arguments.has(BANK)) {
      String name = arguments.required(BANK);
      return HashAlg.named(name)
          .filter(log.banks()::contains)
          .orElseThrow(
              () ->
                  CommandFailed.unusable(
                      "--bank "
                          + name
                          + ": the log has "
                          + log.banks().stream().map(HashAlg::keylimeName).sorted().toList()));
    }
    return PREFERRED.stream().filter(log.banks()::contains).findFirst().orElseThrow();
  }
}
