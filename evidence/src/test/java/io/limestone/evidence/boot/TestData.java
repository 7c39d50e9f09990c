package io.limestone.evidence.boot;

import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Recorded data, see testdata/PROVENANCE.md. */
final class TestData {
  private static final Path OURS = Path.of(System.getProperty("limestone.testdata"));

  private TestData() {}

  static Bytes read(String name) {
    return content(OURS.resolve(name));
  }

  /**
   * Also of data whose licence keeps it out of this repository, in a folder beside it; where that
   * is missing, the test is skipped.
   */
  static Bytes anywhere(String name) {
    Path ours = OURS.toAbsolutePath();
    return Stream.of("", "../../shared/data", "../../../shared/data")
        .map(folder -> ours.resolve(folder).resolve(name))
        .filter(Files::exists)
        .findFirst()
        .map(TestData::content)
        .orElseGet(() -> abort("no folder shared/data beside the repository with " + name));
  }

  private static Bytes content(Path file) {
    try {
      return Bytes.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
