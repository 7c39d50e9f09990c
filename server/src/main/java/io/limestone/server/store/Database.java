package io.limestone.server.store;

import com.zaxxer.hikari.HikariDataSource;
import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.transaction.SerializableTransactionRunner;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * The database. {@link #write} runs in one transaction and returns when it is durable; on SQLite
 * one writer at a time, readers beside it. Blocking: for virtual threads.
 */
public final class Database implements AutoCloseable {
  private static final int MAX_RETRIES = 100;

  private final Dialect dialect;
  private final HikariDataSource writers;
  private final @Nullable HikariDataSource readers;
  private final Jdbi writing;
  private final Jdbi reading;

  /** Work in one transaction. */
  @FunctionalInterface
  public interface Work<T extends @Nullable Object> {
    T in(Handle handle);
  }

  private Database(Dialect dialect, HikariDataSource writers, @Nullable HikariDataSource readers) {
    this.dialect = dialect;
    this.writers = writers;
    this.readers = readers;
    this.writing = Jdbi.create(writers);
    if (dialect == Dialect.POSTGRESQL) {
      writing.setTransactionHandler(new SerializableTransactionRunner());
      writing
          .getConfig(SerializableTransactionRunner.Configuration.class)
          .setMaxRetries(MAX_RETRIES);
    }
    this.reading = readers == null ? writing : Jdbi.create(readers);
  }

  /** Opens the database that {@code server.database_url} names and brings its schema up to date. */
  public static Database open(Settings settings, Path home) {
    Dialect dialect = Dialect.of(settings);
    Schema.migrate(dialect.plain(settings, home), dialect);
    return new Database(dialect, dialect.writers(settings, home), dialect.readers(settings, home));
  }

  public Dialect dialect() {
    return dialect;
  }

  /** Reads in one transaction (SQLite: a snapshot). */
  public <T extends @Nullable Object> T read(Work<T> work) {
    return reading.inTransaction(work::in);
  }

  /**
   * Reads and writes in one transaction, as if alone; durable when this returns. On PostgreSQL the
   * work is run again when another server's transaction came in between: it must have no effects
   * but those in the database.
   */
  public <T extends @Nullable Object> T write(Work<T> work) {
    return dialect == Dialect.POSTGRESQL
        ? writing.inTransaction(TransactionIsolationLevel.SERIALIZABLE, work::in)
        : writing.inTransaction(work::in);
  }

  /** Whether the database answers. */
  public boolean alive() {
    try {
      return read(h -> h.createQuery("select 1").mapTo(Integer.class).one()) == 1;
    } catch (JdbiException e) {
      return false;
    }
  }

  @Override
  public void close() {
    if (readers != null) {
      readers.close();
    }
    writers.close();
  }
}
