package io.limestone.policy;

import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Recorded data, see testdata/PROVENANCE.md. */
final class TestData {
  private TestData() {}

  static Bytes read(String name) {
    return content(Path.of(System.getProperty("limestone.testdata"), name));
  }

  /** Data whose licence keeps it out of this repository; a test without it is skipped. */
  static Bytes shared(String name) {
    Path testdata = Path.of(System.getProperty("limestone.testdata")).toAbsolutePath();
    return Stream.of("../../shared/data", "../../../shared/data")
        .map(shared -> testdata.resolve(shared).resolve(name))
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

  /** The objects of a JSON list. */
  static Stream<JsonObject> rows(String name) {
    if (Json.value(read(name).toArray()) instanceof List<?> rows) {
      return rows.stream().map(JsonObject.class::cast);
    }
    throw new IllegalArgumentException(name + " is no list");
  }
}
