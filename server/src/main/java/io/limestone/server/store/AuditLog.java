package io.limestone.server.store;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Who did what to what, written in the same transaction as the act itself: no entry, no act. */
public final class AuditLog {
  private final Database database;
  private final InstantSource clock;

  public AuditLog(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** One act. */
  public record Entry(Instant at, String actor, String action, String subject, String detail) {}

  /** Adds an entry within the caller's transaction. */
  public void record(Handle handle, String actor, String action, String subject, String detail) {
    handle
        .createUpdate(
            "insert into audit_log (at, actor, action, subject, detail)"
                + " values (:at, :actor, :action, :subject, :detail)")
        .bind("at", clock.millis())
        .bind("actor", actor)
        .bind("action", action)
        .bind("subject", subject)
        .bind("detail", detail)
        .execute();
  }

  /** The newest entries about a subject, newest first. */
  public List<Entry> about(String subject, int most) {
    return newest(Optional.of(subject), most);
  }

  /** The newest entries, of one subject or of all, newest first. */
  public List<Entry> newest(Optional<String> subject, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "select at, actor, action, subject, detail from audit_log"
                        + (subject.isPresent() ? " where subject = :subject" : "")
                        + " order by seq desc limit :most")
                .bindMap(subject.map(s -> Map.of("subject", s)).orElse(Map.of()))
                .bind("most", most)
                .map(
                    (row, c) ->
                        new Entry(
                            Instant.ofEpochMilli(row.getLong("at")),
                            row.getString("actor"),
                            row.getString("action"),
                            row.getString("subject"),
                            row.getString("detail")))
                .list());
  }
}
