package io.limestone.server.revocation;

import io.limestone.keylime.SignedNotice;
import io.limestone.wire.Json;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The rows of notices and their deliveries. A notice is added in the transaction that writes the
 * verdict: either both are there after a crash, or neither.
 */
public final class Outbox {
  private static final int KEPT_DAYS = 30;

  /** A delivery as people see it. */
  public record Told(Instant at, String channel, String recipient, int attempts, String outcome) {}

  /** Adds a notice about a node, to be delivered over these channels from now on. */
  public void add(
      Handle handle, String about, SignedNotice notice, List<Channel> channels, Instant now) {
    if (channels.isEmpty()) {
      return;
    }
    long seq =
        handle
            .createUpdate("insert into notice (node, body, made_at) values (:node, :body, :at)")
            .bind("node", about)
            .bind("body", Json.text(notice.toJson()))
            .bind("at", now.toEpochMilli())
            .executeAndReturnGeneratedKeys("seq")
            .mapTo(Long.class)
            .one();
    for (Channel channel : channels) {
      String insert =
          "insert into delivery (notice, channel, recipient, attempts, due_at, outcome)";
      String sql =
          switch (channel) {
            case WEBHOOK -> insert + " values (:notice, 'webhook', '', 0, :at, 'waiting')";
            case AGENT ->
                insert
                    + " select :notice, 'agent', id, 0, :at, 'waiting' from node where id <> :node";
          };
      var update = handle.createUpdate(sql).bind("notice", seq).bind("at", now.toEpochMilli());
      if (channel == Channel.AGENT) {
        update.bind("node", about);
      }
      update.execute();
    }
  }

  List<Delivery> due(Handle handle, Instant now, int most) {
    return handle
        .createQuery(
            "select d.seq, d.channel, d.recipient, d.attempts, n.body, n.made_at from delivery d"
                + " join notice n on n.seq = d.notice where d.due_at <= :now"
                + " order by d.due_at, d.seq limit :most")
        .bind("now", now.toEpochMilli())
        .bind("most", most)
        .map(
            (row, c) ->
                new Delivery(
                    row.getLong("seq"),
                    Channel.valueOf(row.getString("channel").toUpperCase(Locale.ROOT)),
                    row.getString("recipient"),
                    row.getString("body"),
                    row.getInt("attempts"),
                    Instant.ofEpochMilli(row.getLong("made_at"))))
        .list();
  }

  /** When the next one is due after {@code now}. */
  Optional<Instant> nextAfter(Handle handle, Instant now) {
    return handle
        .createQuery("select due_at from delivery where due_at > :now order by due_at limit 1")
        .bind("now", now.toEpochMilli())
        .mapTo(Long.class)
        .findOne()
        .map(Instant::ofEpochMilli);
  }

  /** How an attempt went; without {@code again} it was the last one. */
  void attempted(
      Handle handle, long delivery, int attempts, String outcome, Optional<Instant> again) {
    handle
        .createUpdate(
            "update delivery set attempts = :attempts, outcome = :outcome, due_at = :due"
                + " where seq = :seq")
        .bind("seq", delivery)
        .bind("attempts", attempts)
        .bind("outcome", outcome)
        .bind("due", again.map(Instant::toEpochMilli).orElse(null))
        .execute();
  }

  /** Forgets notices that are over and old. */
  void sweep(Handle handle, Instant now) {
    long before = now.toEpochMilli() - KEPT_DAYS * 86_400_000L;
    handle
        .createUpdate(
            "delete from delivery where due_at is null and notice in"
                + " (select seq from notice where made_at < :before)")
        .bind("before", before)
        .execute();
    handle
        .createUpdate(
            "delete from notice where made_at < :before"
                + " and seq not in (select notice from delivery)")
        .bind("before", before)
        .execute();
  }

  /** Deliveries of the newest notices about a node, oldest first. */
  public List<Told> about(Handle handle, String node, int most) {
    return handle
        .createQuery(
            "select n.made_at, d.channel, d.recipient, d.attempts, d.outcome from delivery d"
                + " join notice n on n.seq = d.notice where n.node = :node"
                + " order by d.seq desc limit :most")
        .bind("node", node)
        .bind("most", most)
        .map(
            (row, c) ->
                new Told(
                    Instant.ofEpochMilli(row.getLong("made_at")),
                    row.getString("channel"),
                    row.getString("recipient"),
                    row.getInt("attempts"),
                    row.getString("outcome")))
        .list()
        .reversed();
  }
}
