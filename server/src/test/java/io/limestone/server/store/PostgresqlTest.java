package io.limestone.server.store;

import io.limestone.server.settings.ServerSettings;
import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import java.util.Map;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class PostgresqlTest extends DatabaseTest {
  @TempDir static Path home;
  private static Postgres postgres;

  @BeforeAll
  static void start() throws Exception {
    Assumptions.assumeTrue(Postgres.installed().isPresent(), "Debian's postgresql is missing");
    postgres = Postgres.start(Postgres.installed().get());
  }

  @AfterAll
  static void stop() throws Exception {
    if (postgres != null) {
      postgres.stop();
    }
  }

  @Override
  Database open() {
    return Database.open(settings(), home);
  }

  @Override
  Settings settings() {
    return postgres.settings();
  }

  @Override
  DataSource empty() {
    Jdbi.create(Dialect.POSTGRESQL.plain(settings(), home))
        .useHandle(h -> h.execute("create database empty"));
    String url = settings().get(ServerSettings.DATABASE_URL).replace("/postgres", "/empty");
    return Dialect.POSTGRESQL.plain(
        settings().with(Map.of(ServerSettings.DATABASE_URL.name(), url)), home);
  }
}
