package io.limestone.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.server.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteTest extends DatabaseTest {
  @TempDir static Path home;
  @TempDir Path elsewhere;

  @Override
  Database open() {
    return Database.open(settings(), home);
  }

  @Override
  Settings settings() {
    return Settings.defaults();
  }

  /** It holds sealed shares of bootstrap keys and every policy, also where the folder is open. */
  @Test
  void theDatabaseIsItsOwnersAloneAlsoOneThatWasOpen() throws IOException {
    Path file = elsewhere.resolve("limestone.db");
    for (int i = 0; i < 2; i++) {
      try (Database database = Database.open(settings(), elsewhere)) {
        assertThat(database.alive()).isTrue();
        try (Stream<Path> files = Files.list(elsewhere)) {
          assertThat(files.map(SqliteTest::mode).toList())
              .hasSizeGreaterThan(1)
              .containsOnly("rw-------");
        }
      }
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }
  }

  private static String mode(Path file) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  DataSource empty() {
    return Dialect.SQLITE.plain(settings(), elsewhere);
  }
}
