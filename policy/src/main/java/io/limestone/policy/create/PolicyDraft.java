package io.limestone.policy.create;

import io.limestone.policy.ImaKey;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.VerificationKeys;
import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A runtime policy while it is put together from several sources (runtime-policy §1 and §6). Names
 * keep the order in which they came; lists are sorted and have nothing twice. Not thread-safe.
 */
public final class PolicyDraft {
  private final Map<String, List<String>> digests = new LinkedHashMap<>();
  private final SequencedSet<String> excludes = new TreeSet<>();
  private final Map<String, List<String>> keyrings = new LinkedHashMap<>();
  private final Map<String, List<String>> buffers = new LinkedHashMap<>();
  private final SequencedSet<String> ignoredKeyrings = new TreeSet<>();
  private String logHash = "sha1";
  private VerificationKeys keys = VerificationKeys.NONE;

  /**
   * Starts from a policy: what it allows, excludes and trusts is taken; when it was made is not.
   *
   * @throws MalformedException if it is no valid runtime policy
   */
  public static PolicyDraft of(byte[] policy) {
    RuntimePolicy.parse(Bytes.of(policy));
    PolicyDocument document = new PolicyDocument(Json.object(policy));
    PolicyDraft draft = new PolicyDraft();
    add(document.table("digests"), draft.digests);
    add(document.table("keyrings"), draft.keyrings);
    add(document.table("ima-buf"), draft.buffers);
    draft.excludes.addAll(document.excludes());
    draft.ignoredKeyrings.addAll(document.ignoredKeyrings());
    draft.logHash = document.logHash();
    draft.keys = document.verificationKeys();
    return draft;
  }

  private static void add(Map<String, List<String>> from, Map<String, List<String>> to) {
    from.forEach((name, digests) -> digests.forEach(digest -> add(to, name, digest)));
  }

  /** What the first digest says of the algorithm. */
  public Said algorithm() {
    return digests.isEmpty()
        ? new Said.Nothing()
        : AlgorithmChoice.ofLength(digests.values().iterator().next().getFirst());
  }

  /**
   * Allows a file. Blanks in its name become underscores, as they do in the kernel's list.
   *
   * @param digest lower-case hex
   */
  public void allow(String path, String digest) {
    add(digests, path.replace(' ', '_'), digest);
  }

  /** Allows what was measured; a violation, which has no digest, cannot be. */
  public void allow(Measured measured) {
    switch (measured.kind()) {
      case FILE -> allow(measured.name(), measured.digest());
      case KEY -> allowKey(measured.name(), measured.digest());
      case BUFFER -> allowBuffer(measured.name(), measured.digest());
      case VIOLATION -> {}
    }
  }

  public void allowKey(String keyring, String digest) {
    if (!ignoredKeyrings.contains(keyring)) {
      add(keyrings, keyring, digest);
    }
  }

  public void allowBuffer(String name, String digest) {
    add(buffers, name, digest);
  }

  private static void add(Map<String, List<String>> map, String name, String digest) {
    map.merge(name, List.of(digest), PolicyDraft::union);
  }

  private static List<String> union(List<String> a, List<String> b) {
    SequencedSet<String> all = new TreeSet<>(a);
    all.addAll(b);
    return List.copyOf(all);
  }

  /**
   * Excludes names by regular expressions.
   *
   * @throws MalformedException with the first that does not do
   */
  public void exclude(Collection<String> expressions) {
    excludes.addAll(expressions);
    ExcludeLines.require(List.copyOf(excludes));
  }

  /** Before the keys are collected: those of an ignored keyring are not. */
  public void ignoreKeyrings(Collection<String> names) {
    ignoredKeyrings.addAll(names);
  }

  public void trust(ImaKey key) {
    keys = keys.with(key);
  }

  public VerificationKeys verificationKeys() {
    return keys;
  }

  /** Files, with their digests in hex, in the order in which they came. */
  public Map<String, List<String>> digests() {
    return Collections.unmodifiableMap(digests);
  }

  /**
   * The policy as JSON text on one line, as Keylime's tool writes it.
   *
   * @param timestamp local time, {@code YYYY-MM-DD HH:MM:SS.ffffff}
   */
  public String toText(String timestamp) {
    return PythonJson.text(toJson(timestamp));
  }

  private JsonObject toJson(String timestamp) {
    PolicyDocument empty = PolicyDocument.empty(timestamp);
    Map<String, @Nullable Object> ima = new LinkedHashMap<>(empty.json().object("ima").members());
    ima.put("ignored_keyrings", List.copyOf(ignoredKeyrings));
    ima.put("log_hash_alg", logHash);
    return empty
        .with("digests", digests)
        .with("excludes", List.copyOf(excludes))
        .with("keyrings", keyrings)
        .with("ima", ima)
        .with("ima-buf", buffers)
        .with("verification-keys", keys.isEmpty() ? "" : PythonJson.text(keyring()))
        .json();
  }

  private JsonObject keyring() {
    JsonObject all = keys.toJson();
    Map<String, @Nullable Object> keyring = new LinkedHashMap<>();
    keyring.put("keyids", all.list("keyids"));
    keyring.put("pubkeys", all.list("pubkeys"));
    return new JsonObject(keyring);
  }
}
