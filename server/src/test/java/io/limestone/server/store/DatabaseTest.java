package io.limestone.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.server.settings.Settings;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

/** What both databases must do; a subclass each. */
abstract class DatabaseTest {
  /** Opens the database again: a new one for each test class. */
  abstract Database open();

  abstract Settings settings();

  /** An empty database of the same kind, for once. */
  abstract DataSource empty() throws SQLException;

  @Test
  void theSchemaIsMadeOnceAndFoundAgain() {
    for (int i = 0; i < 2; i++) {
      try (Database database = open()) {
        assertThat(database.alive()).isTrue();
        List<String> names =
            database.read(
                h ->
                    h.createQuery("select name from schema_version order by version")
                        .mapTo(String.class)
                        .list());
        assertThat(names).isEqualTo(Schema.MIGRATIONS);
      }
    }
  }

  @Test
  void everyMigrationIsThereForBothDialects() {
    for (Dialect dialect : Dialect.values()) {
      for (String name : Schema.MIGRATIONS) {
        assertThat(Schema.text(dialect, name)).containsPattern("(create|alter) table");
      }
    }
  }

  /** What a server before policy versions stored is version 1 of each. */
  @Test
  void policiesOfAnOlderDatabaseBecomeTheirFirstVersions() throws SQLException {
    DataSource source = empty();
    Dialect dialect = Dialect.of(settings());
    Schema.migrate(source, dialect, Schema.MIGRATIONS.subList(0, 2));
    Jdbi jdbi = Jdbi.create(source);
    jdbi.useHandle(
        h -> {
          h.execute("insert into policy_text values ('aa', '{}'), ('bb', '{\"b\":1}')");
          h.execute(
              "insert into runtime_policy (name, digest, tpm_policy) values ('web', 'aa', '{}')");
          h.execute("insert into boot_policy values ('servers', 'bb')");
        });
    Schema.migrate(source, dialect);
    List<String> versions =
        jdbi.withHandle(
            h ->
                h.createQuery(
                        "select v.kind || ' ' || v.name || ' ' || v.number || ' ' || v.digest"
                            + " from policy_version v order by v.kind")
                    .mapTo(String.class)
                    .list());
    assertThat(versions).containsExactly("boot_policy servers 1 bb", "runtime_policy web 1 aa");
    List<Long> enforced =
        jdbi.withHandle(
            h ->
                h.createQuery("select version from runtime_policy where candidate is null")
                    .mapTo(Long.class)
                    .list());
    assertThat(enforced).containsExactly(1L);
  }

  @Test
  void aFailedTransactionLeavesNothing() {
    try (Database database = open()) {
      assertThatThrownBy(
              () ->
                  database.write(
                      h -> {
                        note(h, "failed");
                        throw new IllegalStateException("stop");
                      }))
          .hasMessage("stop");
      assertThat(notes(database, "failed")).isZero();
    }
  }

  @Test
  void concurrentReadModifyWritesDoNotLoseUpdates() throws Exception {
    int threads = 8;
    int rounds = 20;
    try (Database database = open();
        ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      database.write(
          h -> h.execute("create table if not exists counter (id integer primary key, n integer)"));
      database.write(h -> h.execute("delete from counter"));
      database.write(h -> h.execute("insert into counter values (1, 0)"));
      List<Callable<Void>> work = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        work.add(
            () -> {
              for (int i = 0; i < rounds; i++) {
                database.write(
                    h -> {
                      int n =
                          h.createQuery("select n from counter where id = 1")
                              .mapTo(Integer.class)
                              .one();
                      return h.execute("update counter set n = ? where id = 1", n + 1);
                    });
              }
              return null;
            });
      }
      for (Future<Void> done : pool.invokeAll(work)) {
        done.get();
      }
      int n = database.read(h -> h.createQuery("select n from counter").mapTo(Integer.class).one());
      assertThat(n).isEqualTo(threads * rounds);
    }
  }

  @Test
  void auditEntriesAreWrittenWithTheActOrNotAtAll() {
    Instant now = Instant.parse("2026-11-24T00:00:00Z");
    try (Database database = open()) {
      AuditLog audit = new AuditLog(database, InstantSource.fixed(now));
      database.write(
          h -> {
            audit.record(h, "admin alice", "delete", "node-1", "why");
            return true;
          });
      assertThatThrownBy(
              () ->
                  database.write(
                      h -> {
                        audit.record(h, "admin bob", "delete", "node-1", "failed");
                        throw new IllegalStateException("stop");
                      }))
          .hasMessage("stop");
      assertThat(audit.about("node-1", 10))
          .containsExactly(new AuditLog.Entry(now, "admin alice", "delete", "node-1", "why"));
    }
  }

  @Test
  void aDatabaseOfANewerVersionIsRefused() {
    try (Database database = open()) {
      database.write(h -> h.execute("insert into schema_version values (1000, 'V1000__later')"));
      assertThatThrownBy(this::open).hasMessageContaining("newer");
      database.write(h -> h.execute("delete from schema_version where version = 1000"));
    }
  }

  private static int note(Handle handle, String subject) {
    return handle.execute(
        "insert into audit_log (at, actor, action, subject, detail) values (1, '', '', ?, '')",
        subject);
  }

  private static int notes(Database database, String subject) {
    return database.read(
        h ->
            h.createQuery("select count(*) from audit_log where subject = :s")
                .bind("s", subject)
                .mapTo(Integer.class)
                .one());
  }
}
