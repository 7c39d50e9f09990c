package io.limestone.server.registrar;

import io.limestone.server.store.Database;
import io.limestone.wire.Bytes;
import io.limestone.wire.Pem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The table {@code registration}. */
final class RegistrationTable implements Registrations {
  private static final int MAX_CHAIN = 16;

  private final Database database;

  RegistrationTable(Database database) {
    this.database = database;
  }

  @Override
  public Optional<RegisteredNode> active(String id) {
    return database.read(h -> row(h, id, true)).map(Row::node);
  }

  @Override
  public List<String> ids() {
    return database.read(
        h ->
            h.createQuery("select distinct id from registration order by id")
                .mapTo(String.class)
                .list());
  }

  Optional<Row> row(Handle handle, String id, boolean active) {
    return handle
        .createQuery("select * from registration where id = :id and active = :active")
        .bind("id", id)
        .bind("active", active)
        .map((row, c) -> read(row))
        .findOne();
  }

  /** Candidates waiting for their proof, counted up to a limit. */
  int candidates(Handle handle, int most) {
    return handle
        .createQuery(
            "select count(*) from"
                + " (select 1 from registration where active = :active limit :most) as some")
        .bind("active", false)
        .bind("most", most)
        .mapTo(Integer.class)
        .one();
  }

  int forgetCandidatesBefore(Handle handle, Instant time) {
    return handle
        .createUpdate("delete from registration where active = :active and registered_at < :time")
        .bind("active", false)
        .bind("time", time.toEpochMilli())
        .execute();
  }

  boolean delete(Handle handle, String id, boolean active) {
    return handle
            .createUpdate("delete from registration where id = :id and active = :active")
            .bind("id", id)
            .bind("active", active)
            .execute()
        > 0;
  }

  /** Puts a row in the place of the one with the same id and state. */
  void put(Handle handle, Row row) {
    delete(handle, row.id(), row.active());
    Identity identity = row.identity();
    handle
        .createUpdate(
            "insert into registration (id, active, ek_tpm, aik_tpm, ek_chain, iak_tpm,"
                + " iak_cert, idevid_tpm, idevid_cert, mtls_cert, ip, port, regcount, digest,"
                + " endorsed, endorsement, sealed_key, registered_at) values (:id, :active,"
                + " :ek_tpm, :aik_tpm, :ek_chain, :iak_tpm, :iak_cert, :idevid_tpm,"
                + " :idevid_cert, :mtls_cert, :ip, :port, :regcount, :digest, :endorsed,"
                + " :endorsement, :sealed_key, :registered_at)")
        .bind("id", row.id())
        .bind("active", row.active())
        .bind("ek_tpm", identity.ekTpm().toArray())
        .bind("aik_tpm", identity.aikTpm().toArray())
        .bind("ek_chain", pem(identity.ekChain()))
        .bind("iak_tpm", array(identity.iakTpm()))
        .bind("iak_cert", array(identity.iakCert()))
        .bind("idevid_tpm", array(identity.idevidTpm()))
        .bind("idevid_cert", array(identity.idevidCert()))
        .bind("mtls_cert", row.contact().mtlsCert().orElse(null))
        .bind("ip", row.contact().ip().orElse(null))
        .bind("port", row.contact().port().orElse(null))
        .bind("regcount", row.regcount())
        .bind("digest", identity.digest(row.id()).toArray())
        .bind("endorsed", row.endorsement().trusted())
        .bind("endorsement", row.endorsement().reason())
        .bind("sealed_key", array(row.sealedKey()))
        .bind("registered_at", row.registeredAt().toEpochMilli())
        .execute();
  }

  private static Row read(ResultSet row) throws SQLException {
    Identity identity =
        new Identity(
            Bytes.of(row.getBytes("ek_tpm")),
            Bytes.of(row.getBytes("aik_tpm")),
            chain(row.getString("ek_chain")),
            bytes(row, "iak_tpm"),
            bytes(row, "iak_cert"),
            bytes(row, "idevid_tpm"),
            bytes(row, "idevid_cert"));
    int port = row.getInt("port");
    Contact contact =
        new Contact(
            Optional.ofNullable(row.getString("ip")),
            port == 0 ? Optional.empty() : Optional.of(port),
            Optional.ofNullable(row.getString("mtls_cert")));
    return new Row(
        row.getString("id"),
        row.getBoolean("active"),
        identity,
        contact,
        new Endorsement(row.getBoolean("endorsed"), row.getString("endorsement")),
        row.getLong("regcount"),
        bytes(row, "sealed_key"),
        Instant.ofEpochMilli(row.getLong("registered_at")));
  }

  private static Optional<Bytes> bytes(ResultSet row, String column) throws SQLException {
    byte @Nullable [] value = row.getBytes(column);
    return value == null ? Optional.empty() : Optional.of(Bytes.of(value));
  }

  private static byte @Nullable [] array(Optional<Bytes> bytes) {
    return bytes.map(Bytes::toArray).orElse(null);
  }

  private static String pem(List<Bytes> chain) {
    return chain.stream().map(der -> Pem.text(Pem.CERTIFICATE, der)).collect(Collectors.joining());
  }

  private static List<Bytes> chain(@Nullable String pem) {
    return pem == null || pem.isEmpty()
        ? List.of()
        : Pem.strict(pem, MAX_CHAIN).stream().map(Pem.Block::content).toList();
  }
}
