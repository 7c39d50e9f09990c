package io.limestone.server.verifier;

import io.limestone.appraisal.Evidence;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.QuoteText;
import io.limestone.server.verifier.Chunks.Blob;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A row of kept evidence: everything but its two long parts, and where these are.
 *
 * @param sent what the node sent, its list and boot log left out
 * @param entries of the list bound to the quote, in {@code bound} bytes
 */
record KeptFacts(
    NodeId node,
    Instant at,
    Evidence sent,
    Optional<String> publicKeyPem,
    String fingerprint,
    long entries,
    long bound,
    Blob list,
    Blob boot) {
  private static final Logger LOG = LoggerFactory.getLogger(KeptFacts.class);

  KeptFacts {
    sent = with(sent, publicKeyPem, Optional.empty(), Optional.empty());
  }

  private static Evidence with(
      Evidence e, Optional<String> pem, Optional<ImaSlice> list, Optional<Bytes> boot) {
    return new Evidence(
        e.nonce(), e.hashAlg(), e.encAlg(), e.signAlg(), e.quote(), pem, list, boot, e.bootTime());
  }

  /** The evidence with its long parts; none of one that was empty. */
  Evidence evidence(LongBytes imaList, LongBytes bootLog) {
    return with(
        sent,
        publicKeyPem,
        imaList.isEmpty() ? Optional.empty() : Optional.of(new ImaSlice(imaList, 0)),
        bootLog.isEmpty() ? Optional.empty() : Optional.of(Bytes.of(bootLog.toArray())));
  }

  /** The digests of all its chunks, each once. */
  Set<String> chunks() {
    Set<String> all = new LinkedHashSet<>(list.digests());
    all.addAll(boot.digests());
    return all;
  }

  /** Shows every row that can be read. */
  static void each(Handle h, Consumer<KeptFacts> to) {
    h.createQuery("select node, at, facts from evidence")
        .map((row, c) -> row(row))
        .forEach(row -> row.ifPresent(to));
  }

  static Optional<KeptFacts> find(Handle h, NodeId node) {
    return h.createQuery("select node, at, facts from evidence where node = :node")
        .bind("node", node.value())
        .map((row, c) -> row(row))
        .findOne()
        .flatMap(one -> one);
  }

  void write(Handle h) {
    h.createUpdate(
            "insert into evidence (node, at, facts) values (:node, :at, :facts)"
                + " on conflict (node) do update set at = excluded.at, facts = excluded.facts")
        .bind("node", node.value())
        .bind("at", at.toEpochMilli())
        .bind("facts", json())
        .execute();
  }

  static void delete(Handle h, NodeId node) {
    h.createUpdate("delete from evidence where node = :node").bind("node", node.value()).execute();
  }

  private String json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("version", 1);
    json.put("nonce", sent.nonce());
    json.put("hash_alg", sent.hashAlg());
    json.put("enc_alg", sent.encAlg());
    json.put("sign_alg", sent.signAlg());
    json.put("quote", QuoteText.of(sent.quote()));
    json.put("public_key", publicKeyPem.orElse(null));
    json.put("boot_time", sent.bootTime().isPresent() ? sent.bootTime().getAsLong() : null);
    json.put("fingerprint", fingerprint);
    json.put("entries", entries);
    json.put("bound", bound);
    json.put("list", json(list));
    json.put("boot_log", json(boot));
    return Json.text(json);
  }

  private static Map<String, Object> json(Blob blob) {
    return Map.of("length", blob.length(), "chunks", blob.digests());
  }

  /** A row as stored; one that cannot be read is as good as none, and logged. */
  private static Optional<KeptFacts> row(ResultSet row) throws SQLException {
    String id = row.getString("node");
    try {
      JsonObject json = Json.object(row.getString("facts"));
      if (json.integer("version") != 1) {
        throw new MalformedException("evidence of a version that is not known");
      }
      return Optional.of(
          new KeptFacts(
              NodeId.parse(id),
              Instant.ofEpochMilli(row.getLong("at")),
              new Evidence(
                  json.string("nonce"),
                  json.string("hash_alg"),
                  json.string("enc_alg"),
                  json.string("sign_alg"),
                  QuoteText.parse(json.string("quote")),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  json.optionalInteger("boot_time")
                      .map(OptionalLong::of)
                      .orElseGet(OptionalLong::empty)),
              json.optionalString("public_key"),
              json.string("fingerprint"),
              json.integer("entries"),
              json.integer("bound"),
              blob(json.object("list")),
              blob(json.object("boot_log"))));
    } catch (MalformedException e) {
      LOG.error("node {}: kept evidence cannot be read", Encoding.printable(id, 80), e);
      return Optional.empty();
    }
  }

  private static Blob blob(JsonObject json) {
    return new Blob(json.integer("length"), json.strings("chunks"));
  }
}
