package io.limestone.server.verifier;

import io.limestone.policy.create.Measured;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** What was learnt, in the database. Runs within the caller's transaction. */
final class LearningStore {
  private LearningStore() {}

  /**
   * A thing as it is stored.
   *
   * @param key its place in the order in which things are listed
   */
  record Row(String key, Measured thing, LearntSet.Seen seen) {}

  /**
   * How much was learnt.
   *
   * @param unsigned files whose entry carries no signature
   * @param rare things that were seen on one node only
   */
  record Counts(long files, long keys, long buffers, long violations, long unsigned, long rare) {}

  static void insert(Handle h, Learning learning) {
    h.createUpdate(
            "insert into learning (name, nodes, since, until, actor, why)"
                + " values (:name, :nodes, :since, :until, :actor, :why)")
        .bind("name", learning.name())
        .bind("nodes", Json.text(learning.nodes().toJson()))
        .bind("since", learning.by().at().toEpochMilli())
        .bind("until", learning.until().toEpochMilli())
        .bind("actor", learning.by().actor())
        .bind("why", learning.by().why())
        .execute();
  }

  static List<Learning> all(Handle h) {
    return h.createQuery("select * from learning order by name")
        .map((row, c) -> learning(row))
        .list();
  }

  static Optional<Learning> find(Handle h, String name) {
    return h.createQuery("select * from learning where name = :name")
        .bind("name", name)
        .map((row, c) -> learning(row))
        .findOne();
  }

  private static Learning learning(ResultSet row) throws SQLException {
    return new Learning(
        row.getString("name"),
        NodesAsked.of(Json.object(row.getString("nodes"))),
        new Policies.By(
            row.getString("actor"),
            Instant.ofEpochMilli(row.getLong("since")),
            row.getString("why")),
        Instant.ofEpochMilli(row.getLong("until")),
        Optional.ofNullable(row.getObject("ended"))
            .map(at -> Instant.ofEpochMilli(((Number) at).longValue())),
        row.getLong("left_out"));
  }

  static void end(Handle h, String name, Instant at) {
    h.createUpdate("update learning set ended = :at where name = :name and ended is null")
        .bind("name", name)
        .bind("at", at.toEpochMilli())
        .execute();
  }

  static void leftOut(Handle h, String name, long things) {
    h.createUpdate("update learning set left_out = :things where name = :name")
        .bind("name", name)
        .bind("things", things)
        .execute();
  }

  static void delete(Handle h, String name) {
    for (String sql :
        List.of(
            "delete from learnt where learning = :name",
            "delete from learnt_of where learning = :name",
            "delete from learning where name = :name")) {
      h.createUpdate(sql).bind("name", name).execute();
    }
  }

  static void put(Handle h, String learning, Map<Measured, LearntSet.Seen> things) {
    if (things.isEmpty()) {
      return;
    }
    PreparedBatch batch =
        h.prepareBatch(
            "insert into learnt (learning, thing, kind, name, digest, signed, at, nodes) values"
                + " (:learning, :thing, :kind, :name, :digest, :signed, :at, :nodes)"
                + " on conflict (learning, thing) do update set nodes = excluded.nodes");
    things.forEach(
        (thing, seen) ->
            batch
                .bind("learning", learning)
                .bind("thing", key(thing))
                .bind("kind", thing.kind().name().toLowerCase(Locale.ROOT))
                .bind("name", thing.name())
                .bind("digest", thing.digest())
                .bind("signed", thing.signed() ? 1 : 0)
                .bind("at", seen.first().toEpochMilli())
                .bind("nodes", String.join(" ", seen.nodes()))
                .add());
    batch.execute();
  }

  /** SHA-256 in hex: the same thing has the same row, however long its name is. */
  private static String key(Measured thing) {
    String text =
        thing.kind() + "\0" + thing.signed() + "\0" + thing.digest() + "\0" + thing.name();
    return HashAlg.SHA256.digest(Bytes.of(text.getBytes(StandardCharsets.UTF_8))).hex();
  }

  static void put(Handle h, String learning, LearntOf of) {
    h.createUpdate(
            "insert into learnt_of (learning, node, facts) values (:learning, :node, :facts)"
                + " on conflict (learning, node) do update set facts = excluded.facts")
        .bind("learning", learning)
        .bind("node", of.node().value())
        .bind("facts", Json.text(of.toJson()))
        .execute();
  }

  static List<LearntOf> nodes(Handle h, String learning) {
    return h.createQuery("select facts from learnt_of where learning = :learning order by node")
        .bind("learning", learning)
        .map((row, c) -> LearntOf.fromJson(Json.object(row.getString("facts"))))
        .list();
  }

  /** Shows all things, one after the other. */
  static void each(Handle h, String learning, Consumer<Row> to) {
    h.createQuery("select * from learnt where learning = :learning")
        .bind("learning", learning)
        .map((row, c) -> thing(row))
        .forEach(to);
  }

  /** A page of the things, in the order of their keys, behind the key {@code after}. */
  static List<Row> page(Handle h, String learning, String after, int most) {
    return h.createQuery(
            "select * from learnt where learning = :learning and thing > :after"
                + " order by thing limit :most")
        .bind("learning", learning)
        .bind("after", after)
        .bind("most", most)
        .map((row, c) -> thing(row))
        .list();
  }

  private static Row thing(ResultSet row) throws SQLException {
    return new Row(
        row.getString("thing"),
        new Measured(
            Measured.Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT)),
            row.getString("name"),
            row.getString("digest"),
            row.getLong("signed") != 0),
        new LearntSet.Seen(
            Instant.ofEpochMilli(row.getLong("at")),
            List.of(row.getString("nodes").split(" ", -1))));
  }

  static Counts counts(Handle h, String learning) {
    return h.createQuery(
            "select coalesce(sum(case when kind = 'file' then 1 else 0 end), 0) as files,"
                + " coalesce(sum(case when kind = 'key' then 1 else 0 end), 0) as keys,"
                + " coalesce(sum(case when kind = 'buffer' then 1 else 0 end), 0) as buffers,"
                + " coalesce(sum(case when kind = 'violation' then 1 else 0 end), 0) as violations,"
                + " coalesce(sum(case when kind = 'file' and signed = 0 then 1 else 0 end), 0)"
                + " as unsigned,"
                + " coalesce(sum(case when nodes not like '% %' and name <> 'boot_aggregate' then 1 else 0 end), 0) as rare"
                + " from learnt where learning = :learning")
        .bind("learning", learning)
        .map(
            (row, c) ->
                new Counts(
                    row.getLong("files"),
                    row.getLong("keys"),
                    row.getLong("buffers"),
                    row.getLong("violations"),
                    row.getLong("unsigned"),
                    row.getLong("rare")))
        .one();
  }
}
