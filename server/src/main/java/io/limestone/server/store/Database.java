package io.limestone.server.store;

import io.limestone.server.settings.Settings;
import java.nio.file.Path;
import org.jdbi.v3.core.Handle;

/**
 * The database. {@link #write} runs in one transaction and returns when it is durable; on SQLite
 * one writer at a time, readers beside it. Blocking: for virtual threads.
 */
public final class Database implements AutoCloseable {
  /** Work in one transaction. */
  @FunctionalInterface
  public interface Work<T> {
    T in(Handle handle);
  }

  /** Opens the database that {@code server.database_url} names and brings its schema up to date. */
  public static Database open(Settings settings, Path home) {
    throw new UnsupportedOperationException();
  }

  /** Reads in one transaction (a snapshot). */
  public <T> T read(Work<T> work) {
    throw new UnsupportedOperationException();
  }

  /** Reads and writes in one transaction; durable when this returns. */
  public <T> T write(Work<T> work) {
    throw new UnsupportedOperationException();
  }

  /** Whether the database answers. */
  public boolean alive() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
