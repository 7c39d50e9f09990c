package io.limestone.server.verifier;

import io.limestone.server.Postgres;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@link TryTest} shows, on PostgreSQL. */
class TryOnPostgresqlTest extends TryTest {
  @RegisterExtension static final Postgres POSTGRES = new Postgres();

  @Override
  String[] database() throws Exception {
    return new String[] {"server.database_url", POSTGRES.newDatabase()};
  }
}
