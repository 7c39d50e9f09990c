package io.limestone.server.store;

import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteTest extends DatabaseTest {
  @TempDir static Path home;

  @Override
  Database open() {
    return Database.open(settings(), home);
  }

  @Override
  Settings settings() {
    return Settings.defaults();
  }
}
