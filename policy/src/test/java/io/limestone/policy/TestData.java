package io.limestone.policy;

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
    try {
      return Bytes.of(Files.readAllBytes(Path.of(System.getProperty("limestone.testdata"), name)));
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
