package io.limestone.evidence.boot;

import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
}
