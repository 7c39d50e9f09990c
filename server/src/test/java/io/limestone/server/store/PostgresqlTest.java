package io.limestone.server.store;

import io.limestone.server.Postgres;
import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class PostgresqlTest extends DatabaseTest {
  @RegisterExtension static final Postgres POSTGRES = new Postgres();
  @TempDir static Path home;

  @Override
  Database open() {
    return Database.open(settings(), home);
  }

  @Override
  Settings settings() {
    return settings(POSTGRES.url());
  }

  @Override
  DataSource empty() throws SQLException {
    return Dialect.POSTGRESQL.plain(settings(POSTGRES.newDatabase()), home);
  }

  private static Settings settings(String url) {
    return Settings.defaults().with(Map.of(ServerSettings.DATABASE_URL.name(), url));
  }
}
