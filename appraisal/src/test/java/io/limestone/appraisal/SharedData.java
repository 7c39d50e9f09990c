package io.limestone.appraisal;

import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Recorded data whose licence keeps it out of this repository, in a folder {@code shared/data}
 * beside it. Where that is missing, the test that needs it is skipped, and says so.
 */
final class SharedData {
  private SharedData() {}

  static Bytes read(String name) {
    Path testdata = Path.of(System.getProperty("limestone.testdata")).toAbsolutePath();
    return Stream.of("../../shared/data", "../../../shared/data")
        .map(shared -> testdata.resolve(shared).resolve(name))
        .filter(Files::exists)
        .findFirst()
        .map(SharedData::content)
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
