package io.limestone.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
  @TempDir Path home;

  @Test
  void aNewDatabaseHasTheNewestSchemaAndOpensAgain() {
    for (int i = 0; i < 3; i++) {
      long t = System.nanoTime();
      try (Database database = Database.open(Settings.defaults(), home)) {
        System.out.println("open " + (System.nanoTime() - t) / 1000_000);
        assertThat(database.alive()).isTrue();
        System.out.println("alive " + (System.nanoTime() - t) / 1000_000);
      }
    }
  }
}
