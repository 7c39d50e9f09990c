package io.limestone.server.store;

import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import javax.sql.DataSource;
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

  @Override
  DataSource empty() {
    return Dialect.SQLITE.plain(settings(), elsewhere);
  }
}
