package io.limestone.appraisal;

import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.testkit.Recorded;
import io.limestone.wire.Bytes;

/** Recorded data beside this repository: where it is missing, the test is skipped, and says so. */
final class SharedData {
  private SharedData() {}

  static Bytes read(String name) {
    return Recorded.beside(name)
        .map(Recorded::read)
        .orElseGet(() -> abort("no folder shared/data beside the repository with " + name));
  }
}
