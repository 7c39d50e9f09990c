package io.limestone.testkit;

import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Recorded logs, policies and lists: in this repository (testdata/PROVENANCE.md), or, where their
 * licence keeps them out of it, in a folder {@code shared/data} beside it.
 */
public final class Recorded {
  /** Every crypto-agile boot log of a real machine that is in this repository. */
  public static final List<String> GENUINE_BOOTS =
      List.of(
          "css-flex14vm4-bootlog",
          "hirs-TpmLog",
          "ideapad1",
          "inspur",
          "intel_svr",
          "keylime-issue1153",
          "keylime-nosb-locality3",
          "keylime-secureboot",
          "puiterwijk",
          "swtpm_measurements",
          "thyme-eventlog");

  private static final Path OURS = Path.of(System.getProperty("limestone.testdata"));

  private Recorded() {}

  public static Bytes ours(String name) {
    return read(OURS.resolve(name));
  }

  /** What stands beside the repository; a test that needs it is skipped where it does not. */
  public static Optional<Path> beside(String name) {
    Path ours = OURS.toAbsolutePath();
    return Stream.of("../../shared/data", "../../../shared/data")
        .map(shared -> ours.resolve(shared).resolve(name))
        .filter(Files::exists)
        .findFirst();
  }

  public static Bytes read(Path file) {
    try {
      return Bytes.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
