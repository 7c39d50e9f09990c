package io.limestone.server.verifier;

import io.limestone.appraisal.Failure;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.NodeId;
import io.limestone.server.nodes.Change;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.server.store.Sealer;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rows of watched nodes. Everything runs within the caller's transaction. */
final class NodeStore {
  private static final Logger LOG = LoggerFactory.getLogger(NodeStore.class);
  private static final int CHANGES_KEPT = 1000;

  private final Sealer sealer;

  NodeStore(Sealer sealer) {
    this.sealer = sealer;
  }

  /** A node as stored. */
  record Row(Enrolled enrolled, NodeState state, long revision) {}

  /** A line of the timeline as stored; {@code failures} is a JSON list. */
  record StoredChange(Instant at, String kind, String text, Optional<String> failures) {}

  void insert(
      Handle handle,
      Enrolled node,
      Optional<Secret> v,
      Optional<Secret> revocationKey,
      NodeState state) {
    handle
        .createUpdate(
            "insert into node (id, enrolled_at, enrolment, v, revocation_key, runtime_policy,"
                + " boot_policy, state, life, revision) values (:id, :at, :enrolment, :v, :key,"
                + " :runtime, :boot, :state, :life, 0)")
        .bind("id", node.id().value())
        .bind("at", node.at().toEpochMilli())
        .bind("enrolment", Json.text(node.enrolment().toJson()))
        .bind("v", sealed(v, "node.v", node.id()))
        .bind("key", sealed(revocationKey, "node.revocation_key", node.id()))
        .bind("runtime", node.runtimePolicy().orElse(null))
        .bind("boot", node.bootPolicy().orElse(null))
        .bind("state", state.operationalState().number())
        .bind("life", Json.text(NodeStateJson.toJson(state)))
        .execute();
  }

  /** A node's state to be written. */
  record Written(Enrolled node, Watched.Snapshot snapshot) {}

  /**
   * Writes these states, except where a newer one is there already, or the node was enrolled anew
   * in the meantime: that one has not seen what the one before did.
   */
  void update(Handle handle, List<Written> states) {
    PreparedBatch batch =
        handle.prepareBatch(
            "update node set state = :state, life = :life, revision = :revision"
                + " where id = :id and enrolled_at = :at and revision < :revision");
    for (Written one : states) {
      batch
          .bind("id", one.node().id().value())
          .bind("at", one.node().at().toEpochMilli())
          .bind("state", one.snapshot().state().operationalState().number())
          .bind("life", Json.text(NodeStateJson.toJson(one.snapshot().state())))
          .bind("revision", one.snapshot().revision())
          .add();
    }
    batch.execute();
  }

  void delete(Handle handle, NodeId id) {
    handle.createUpdate("delete from node where id = :id").bind("id", id.value()).execute();
    handle
        .createUpdate("delete from node_change where node = :id")
        .bind("id", id.value())
        .execute();
  }

  void add(Handle handle, NodeId id, Change change, List<Failure> failures) {
    handle
        .createUpdate(
            "insert into node_change (node, at, kind, detail, failures)"
                + " values (:node, :at, :kind, :detail, :failures)")
        .bind("node", id.value())
        .bind("at", change.at().toEpochMilli())
        .bind("kind", change.kind().word())
        .bind("detail", change.text())
        .bind(
            "failures",
            failures.isEmpty()
                ? null
                : Json.text(failures.stream().map(NodeStateJson::toJson).toList()))
        .execute();
    handle
        .createUpdate(
            "delete from node_change where node = :node and seq < (select min(seq) from (select seq"
                + " from node_change where node = :node order by seq desc limit :kept) newest)")
        .bind("node", id.value())
        .bind("kept", CHANGES_KEPT)
        .execute();
  }

  /** The newest lines, oldest first. */
  List<StoredChange> changes(Handle handle, NodeId id, int most) {
    return handle
        .createQuery(
            "select at, kind, detail, failures from node_change where node = :node"
                + " order by seq desc limit :most")
        .bind("node", id.value())
        .bind("most", most)
        .map(
            (row, c) ->
                new StoredChange(
                    Instant.ofEpochMilli(row.getLong("at")),
                    row.getString("kind"),
                    row.getString("detail"),
                    Optional.ofNullable(row.getString("failures"))))
        .list()
        .reversed();
  }

  Optional<Secret> v(Handle handle, NodeId id) {
    return secret(handle, id, "v", "node.v");
  }

  Optional<Secret> revocationKey(Handle handle, NodeId id) {
    return secret(handle, id, "revocation_key", "node.revocation_key");
  }

  /** All nodes. A row that cannot be read is left out and logged: it must not stop the others. */
  List<Row> all(Handle handle, Instant due) {
    return handle
        .createQuery(
            "select id, enrolled_at, enrolment, runtime_policy, boot_policy, life,"
                + " revision, v is not null as has_v from node")
        .map((row, c) -> read(row, due))
        .list()
        .stream()
        .flatMap(Optional::stream)
        .toList();
  }

  /** Ids of the nodes that a policy is attached to. */
  List<String> usersOf(Handle handle, Policies.Kind kind, String name) {
    return handle
        .createQuery("select id from node where " + kind.table() + " = :name order by id limit 2")
        .bind("name", name)
        .mapTo(String.class)
        .list();
  }

  private static Optional<Row> read(ResultSet row, Instant due) throws SQLException {
    String id = row.getString("id");
    try {
      Enrolled enrolled =
          Enrolled.of(
              NodeId.parse(id),
              Instant.ofEpochMilli(row.getLong("enrolled_at")),
              Enrolment.fromJson(Json.object(row.getString("enrolment"))),
              Optional.ofNullable(row.getString("runtime_policy")),
              Optional.ofNullable(row.getString("boot_policy")),
              row.getBoolean("has_v"));
      return Optional.of(
          new Row(
              enrolled,
              NodeStateJson.fromJson(Json.object(row.getString("life")), due),
              row.getLong("revision")));
    } catch (MalformedException e) {
      LOG.error("node {} cannot be read from the database", Encoding.printable(id, 80), e);
      return Optional.empty();
    }
  }

  private Optional<Secret> secret(Handle handle, NodeId id, String column, String context) {
    List<byte[]> found = new ArrayList<>();
    handle
        .createQuery("select " + column + " as sealed from node where id = :id")
        .bind("id", id.value())
        .map((row, c) -> Optional.ofNullable(row.getBytes("sealed")))
        .list()
        .forEach(bytes -> bytes.ifPresent(found::add));
    return found.stream().findFirst().map(b -> sealer.open(Bytes.of(b), context + ":" + id));
  }

  private byte @Nullable [] sealed(Optional<Secret> secret, String context, NodeId id) {
    return secret.map(s -> sealer.seal(s, context + ":" + id).toArray()).orElse(null);
  }
}
