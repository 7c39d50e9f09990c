package io.limestone.server.store;

import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Who did what to what, written in the same transaction as the act itself. */
public final class AuditLog {
  /** One act. */
  public record Entry(Instant at, String actor, String action, String subject, String detail) {}

  /** Adds an entry within the caller's transaction: no entry, no act. */
  public void record(Handle handle, String actor, String action, String subject, String detail) {
    throw new UnsupportedOperationException();
  }

  /** The newest entries about a subject, newest first. */
  public List<Entry> about(String subject, int most) {
    throw new UnsupportedOperationException();
  }
}
