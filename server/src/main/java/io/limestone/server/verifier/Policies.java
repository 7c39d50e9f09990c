package io.limestone.server.verifier;

import io.limestone.policy.RuntimePolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Policies by name, with all their versions; each content is stored once, and compiled once,
 * however many versions, names and nodes use it. Runs within the caller's transaction.
 */
final class Policies {
  /** Two kinds with the same life. */
  enum Kind {
    RUNTIME("runtime_policy"),
    BOOT("boot_policy");

    private final String table;

    Kind(String table) {
      this.table = table;
    }

    /** Also the column of {@code node} that names one. */
    String table() {
      return table;
    }

    /** {@code runtime} or {@code boot}. */
    String word() {
      return table.substring(0, table.indexOf('_'));
    }

    /** As in {@code runtime policy web}. */
    String words() {
      return table.replace('_', ' ');
    }
  }

  /** Who changes a policy, when, and why; an empty reason if none was given. */
  record By(String actor, Instant at, String why) {}

  /** What a version says. */
  record Content(String text, Optional<String> tpmPolicy) {
    String digest() {
      return HashAlg.SHA256.digest(Bytes.of(text.getBytes(StandardCharsets.UTF_8))).hex();
    }
  }

  /**
   * A version as stored.
   *
   * @param length of the text, in characters
   * @param enforced when it was first
   */
  record Version(long number, String digest, long length, By by, Optional<Instant> enforced) {}

  /**
   * Where a policy's roll-out is.
   *
   * @param version enforced
   * @param former digest of a version whose files may have run until they were replaced
   * @param candidate judged beside it; it decides for none of the nodes, or for a share of them
   * @param share percent of the nodes for which the candidate decides
   * @param group of nodes for which it decides too
   * @param since when the last step of its roll-out was made; absent where there is no candidate,
   *     or the step was made before times were kept
   */
  record Standing(
      long version,
      String digest,
      Optional<String> former,
      Optional<Candidate> candidate,
      int share,
      Optional<String> group,
      Optional<Instant> since) {

    /** Whether the candidate decides for a node that uses this policy. */
    boolean isCanary(Enrolled node, String name) {
      return candidate.isPresent()
          && (Share.includes(node.id(), name, share)
              || (group.isPresent() && group.equals(node.group())));
    }
  }

  /** A version that is rolled out; {@code former} as in {@link Standing}. */
  record Candidate(long version, String digest, Optional<String> former) {}

  private static final String NO_CANDIDATE =
      "candidate = null, candidate_former = null, share = 0, canary_group = null, step_at = null";

  private final Map<String, RuntimePolicy> compiled = new ConcurrentHashMap<>();

  List<String> names(Handle handle, Kind kind) {
    return handle
        .createQuery("select name from " + kind.table + " order by name")
        .mapTo(String.class)
        .list();
  }

  boolean exists(Handle handle, Kind kind, String name) {
    return standing(handle, kind, name).isPresent();
  }

  Optional<Standing> standing(Handle handle, Kind kind, String name) {
    return handle
        .createQuery(
            "select p.version, p.digest, p.candidate, p.share, p.canary_group, p.step_at,"
                + " c.digest as candidate_digest,"
                + " f.digest as former, cf.digest as candidate_former from "
                + kind.table
                + " p"
                + version("c", "candidate")
                + version("f", "former")
                + version("cf", "candidate_former")
                + " where p.name = :name")
        .bind("kind", kind.table)
        .bind("name", name)
        .map((row, c) -> standing(row))
        .findOne();
  }

  private static String version(String alias, String column) {
    return " left join policy_version %1$s on %1$s.kind = :kind and %1$s.name = p.name and %1$s.number = p.%2$s"
        .formatted(alias, column);
  }

  private static Standing standing(ResultSet row) throws SQLException {
    @Nullable String candidate = row.getString("candidate_digest");
    return new Standing(
        row.getLong("version"),
        row.getString("digest"),
        Optional.ofNullable(row.getString("former")),
        candidate == null
            ? Optional.empty()
            : Optional.of(
                new Candidate(
                    row.getLong("candidate"),
                    candidate,
                    Optional.ofNullable(row.getString("candidate_former")))),
        row.getInt("share"),
        Optional.ofNullable(row.getString("canary_group")),
        Optional.ofNullable(row.getObject("step_at")).map(Policies::time));
  }

  private static Instant time(Object milliseconds) {
    return Instant.ofEpochMilli(((Number) milliseconds).longValue());
  }

  /** The names of policies that are rolled out. */
  List<String> rolledOut(Handle handle, Kind kind) {
    return handle
        .createQuery(
            "select name from " + kind.table + " where candidate is not null order by name")
        .mapTo(String.class)
        .list();
  }

  /** All versions, oldest first. */
  List<Version> versions(Handle handle, Kind kind, String name) {
    return handle
        .createQuery(
            "select v.number, v.digest, length(t.content) as length, v.at, v.actor, v.why,"
                + " v.enforced"
                + " from policy_version v join policy_text t on t.digest = v.digest"
                + " where v.kind = :kind and v.name = :name order by v.number")
        .bind("kind", kind.table)
        .bind("name", name)
        .map(
            (row, c) ->
                new Version(
                    row.getLong("number"),
                    row.getString("digest"),
                    row.getLong("length"),
                    new By(
                        row.getString("actor"),
                        Instant.ofEpochMilli(row.getLong("at")),
                        row.getString("why")),
                    Optional.ofNullable(row.getObject("enforced")).map(Policies::time)))
        .list();
  }

  /** The text that is enforced. */
  Optional<String> text(Handle handle, Kind kind, String name) {
    return standing(handle, kind, name).flatMap(s -> text(handle, s.digest()));
  }

  /** The text of a version. */
  Optional<String> text(Handle handle, Kind kind, String name, long number) {
    return digest(handle, kind, name, number).flatMap(digest -> text(handle, digest));
  }

  Optional<String> text(Handle handle, String digest) {
    return handle
        .createQuery("select content from policy_text where digest = :digest")
        .bind("digest", digest)
        .mapTo(String.class)
        .findOne();
  }

  private static Optional<String> digest(Handle handle, Kind kind, String name, long number) {
    return handle
        .createQuery(
            "select digest from policy_version"
                + " where kind = :kind and name = :name and number = :number")
        .bind("kind", kind.table)
        .bind("name", name)
        .bind("number", number)
        .mapTo(String.class)
        .findOne();
  }

  /**
   * Makes the policy, or gives it another content: enforced at once. What was being rolled out is
   * taken back: it was made to follow another version.
   *
   * @return the version's number
   */
  long put(Handle handle, Kind kind, String name, Content content, By by) {
    long number = add(handle, kind, name, content, by);
    handle
        .createUpdate(
            "insert into "
                + kind.table
                + " (name, digest, version) values (:name, :digest, :number) on conflict (name) do"
                + " update set digest = excluded.digest, version = excluded.version,"
                + " former = null, "
                + NO_CANDIDATE)
        .bind("name", name)
        .bind("digest", content.digest())
        .bind("number", number)
        .execute();
    enforced(handle, kind, name, number, by.at());
    return number;
  }

  private static void enforced(Handle handle, Kind kind, String name, long number, Instant at) {
    handle
        .createUpdate(
            "update policy_version set enforced = :at where kind = :kind and name = :name"
                + " and number = :number and enforced is null")
        .bind("kind", kind.table)
        .bind("name", name)
        .bind("number", number)
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /**
   * An existing version becomes the candidate, in place of one before; it decides for nobody yet.
   *
   * @param replacing files that the version enforced lists may have run until they were replaced
   */
  void propose(Handle handle, Kind kind, String name, long number, boolean replacing, Instant at) {
    handle
        .createUpdate(
            "update "
                + kind.table
                + " set candidate = :number, share = 0, canary_group = null, step_at = :at,"
                + " candidate_former = "
                + (replacing ? "version" : "null")
                + " where name = :name")
        .bind("name", name)
        .bind("number", number)
        .bind("at", at.toEpochMilli())
        .execute();
  }

  /** The candidate decides for this percentage of the nodes, and for this group. */
  void share(
      Handle handle, Kind kind, String name, int percent, Optional<String> group, Instant at) {
    handle
        .createUpdate(
            "update "
                + kind.table
                + " set share = :share, canary_group = :group, step_at = :at where name = :name")
        .bind("name", name)
        .bind("share", percent)
        .bind("at", at.toEpochMilli())
        .bind("group", group.orElse(null))
        .execute();
  }

  /** There is no candidate any more. */
  void withdraw(Handle handle, Kind kind, String name) {
    handle
        .createUpdate("update " + kind.table + " set " + NO_CANDIDATE + " where name = :name")
        .bind("name", name)
        .execute();
  }

  /**
   * An existing version decides for all nodes.
   *
   * @param former number of a version whose files may have run until they were replaced
   */
  void enforce(
      Handle handle, Kind kind, String name, long number, Optional<Long> former, Instant at) {
    enforced(handle, kind, name, number, at);
    handle
        .createUpdate(
            "update policy_version set former = :former"
                + " where kind = :kind and name = :name and number = :number")
        .bind("kind", kind.table)
        .bind("name", name)
        .bind("number", number)
        .bind("former", former.orElse(null))
        .execute();
    handle
        .createUpdate(
            "update "
                + kind.table
                + " set former = :former, version = :number, digest = :digest, "
                + NO_CANDIDATE
                + " where name = :name")
        .bind("name", name)
        .bind("number", number)
        .bind("former", former.orElse(null))
        .bind("digest", digest(handle, kind, name, number).orElseThrow())
        .execute();
  }

  /** The version whose files might have run until replaced when this one was enforced last. */
  Optional<Long> former(Handle handle, Kind kind, String name, long number) {
    return handle
        .createQuery(
            "select former from policy_version where former is not null"
                + " and kind = :kind and name = :name and number = :number")
        .bind("kind", kind.table)
        .bind("name", name)
        .bind("number", number)
        .mapTo(Long.class)
        .findOne();
  }

  /** Adds a version, which is not used for anything yet. */
  long add(Handle handle, Kind kind, String name, Content content, By by) {
    handle
        .createUpdate(
            "insert into policy_text (digest, content) values (:digest, :content)"
                + " on conflict (digest) do nothing")
        .bind("digest", content.digest())
        .bind("content", content.text())
        .execute();
    long number =
        handle
            .createQuery(
                "select coalesce(max(number), 0) + 1 from policy_version"
                    + " where kind = :kind and name = :name")
            .bind("kind", kind.table)
            .bind("name", name)
            .mapTo(Long.class)
            .one();
    handle
        .createUpdate(
            "insert into policy_version (kind, name, number, digest, tpm_policy, at, actor, why)"
                + " values (:kind, :name, :number, :digest, :tpm, :at, :actor, :why)")
        .bind("kind", kind.table)
        .bind("name", name)
        .bind("number", number)
        .bind("digest", content.digest())
        .bind("tpm", content.tpmPolicy().orElse(null))
        .bind("at", by.at().toEpochMilli())
        .bind("actor", by.actor())
        .bind("why", by.why())
        .execute();
    return number;
  }

  /**
   * Removes a name with its versions, and contents that nobody else uses; does nothing if there is
   * none.
   */
  void delete(Handle handle, Kind kind, String name) {
    handle
        .createUpdate("delete from " + kind.table + " where name = :name")
        .bind("name", name)
        .execute();
    handle
        .createUpdate("delete from policy_version where kind = :kind and name = :name")
        .bind("kind", kind.table)
        .bind("name", name)
        .execute();
    sweep(handle);
  }

  /** A compiled policy; the same object as long as there is one of this content. */
  RuntimePolicy compiled(Handle handle, String digest) {
    return compiled.computeIfAbsent(
        digest,
        d ->
            RuntimePolicy.parse(
                Bytes.of(text(handle, d).orElseThrow().getBytes(StandardCharsets.UTF_8))));
  }

  /** Forgets compiled policies that no node is judged by: older versions need no memory. */
  void keepCompiled(Handle handle) {
    compiled
        .keySet()
        .retainAll(
            handle
                .createQuery(
                    "select v.digest from policy_version v join runtime_policy p"
                        + " on v.kind = 'runtime_policy' and v.name = p.name and v.number in"
                        + " (p.version, p.former, p.candidate, p.candidate_former)")
                .mapTo(String.class)
                .set());
  }

  private static void sweep(Handle handle) {
    handle.execute(
        "delete from policy_text where digest not in (select digest from policy_version)");
  }
}
