package io.limestone.server.verifier;

import io.limestone.policy.RuntimePolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;

/**
 * Policies by name; each content is stored once, and compiled once, however many names and nodes
 * use it. Runs within the caller's transaction.
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
  }

  private final Map<String, RuntimePolicy> compiled = new ConcurrentHashMap<>();

  List<String> names(Handle handle, Kind kind) {
    return handle
        .createQuery("select name from " + kind.table + " order by name")
        .mapTo(String.class)
        .list();
  }

  boolean exists(Handle handle, Kind kind, String name) {
    return digest(handle, kind, name).isPresent();
  }

  Optional<String> text(Handle handle, Kind kind, String name) {
    return handle
        .createQuery(
            "select t.content from policy_text t join "
                + kind.table
                + " p on p.digest = t.digest where p.name = :name")
        .bind("name", name)
        .mapTo(String.class)
        .findOne();
  }

  /** Makes the policy, or gives it another content. */
  void put(Handle handle, Kind kind, String name, String content, Optional<String> tpmPolicy) {
    String digest = HashAlg.SHA256.digest(Bytes.of(content.getBytes(StandardCharsets.UTF_8))).hex();
    handle
        .createUpdate(
            "insert into policy_text (digest, content) values (:digest, :content)"
                + " on conflict (digest) do nothing")
        .bind("digest", digest)
        .bind("content", content)
        .execute();
    boolean runtime = kind == Kind.RUNTIME;
    var update =
        handle
            .createUpdate(
                runtime
                    ? "insert into runtime_policy (name, digest, tpm_policy)"
                        + " values (:name, :digest, :tpm) on conflict (name) do update"
                        + " set digest = excluded.digest, tpm_policy = excluded.tpm_policy"
                    : "insert into boot_policy (name, digest) values (:name, :digest)"
                        + " on conflict (name) do update set digest = excluded.digest")
            .bind("name", name)
            .bind("digest", digest);
    if (runtime) {
      update.bind("tpm", tpmPolicy.orElse(null));
    }
    update.execute();
    sweep(handle);
  }

  /** Removes a name, and its content if nobody else uses it; does nothing if there is none. */
  void delete(Handle handle, Kind kind, String name) {
    handle
        .createUpdate("delete from " + kind.table + " where name = :name")
        .bind("name", name)
        .execute();
    sweep(handle);
  }

  /** The compiled policy of a name; the same object as long as its content is the same. */
  Optional<RuntimePolicy> runtime(Handle handle, String name) {
    return digest(handle, Kind.RUNTIME, name)
        .map(
            digest ->
                compiled.computeIfAbsent(
                    digest,
                    d ->
                        RuntimePolicy.parse(
                            Bytes.of(
                                text(handle, Kind.RUNTIME, name)
                                    .orElseThrow()
                                    .getBytes(StandardCharsets.UTF_8)))));
  }

  /** SHA-256 (hex) of a policy's text. */
  Optional<String> digest(Handle handle, Kind kind, String name) {
    return handle
        .createQuery("select digest from " + kind.table + " where name = :name")
        .bind("name", name)
        .mapTo(String.class)
        .findOne();
  }

  private void sweep(Handle handle) {
    List<String> unused =
        handle
            .createQuery(
                "select digest from policy_text where digest not in"
                    + " (select digest from runtime_policy) and digest not in"
                    + " (select digest from boot_policy)")
            .mapTo(String.class)
            .list();
    for (String digest : unused) {
      handle.createUpdate("delete from policy_text where digest = :d").bind("d", digest).execute();
      compiled.remove(digest);
    }
  }
}
