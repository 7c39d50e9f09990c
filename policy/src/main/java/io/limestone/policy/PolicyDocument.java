package io.limestone.policy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A runtime policy as its author sees it: the document with all its members, in their order, to be
 * compared, merged, changed and written again. {@link RuntimePolicy} is what nodes are judged by.
 *
 * @param json valid as a runtime policy
 */
public record PolicyDocument(JsonObject json) {
  /** Maps of names to digests. */
  public static final List<String> TABLES = List.of("digests", "keyrings", "ima-buf");

  /**
   * The document of its text, also within a DSSE envelope, whose signature is not looked at.
   *
   * @throws io.limestone.wire.MalformedException with place and reason, if it is no valid policy
   */
  public static PolicyDocument parse(Bytes text) {
    Bytes json = SignedPolicy.isEnvelope(text) ? SignedPolicy.parse(text).payload() : text;
    var unused = RuntimePolicy.parse(json);
    return new PolicyDocument(Json.object(json.toArray()));
  }

  /** A policy that allows nothing. */
  public static PolicyDocument empty(String timestamp) {
    Map<String, @Nullable Object> meta = new LinkedHashMap<>();
    meta.put("version", 1L);
    meta.put("generator", 3L);
    meta.put("timestamp", timestamp);
    Map<String, @Nullable Object> ima = new LinkedHashMap<>();
    ima.put("ignored_keyrings", List.of());
    ima.put("log_hash_alg", "sha1");
    ima.put("dm_policy", null);
    Map<String, @Nullable Object> policy = new LinkedHashMap<>();
    policy.put("meta", new JsonObject(meta));
    policy.put("release", 0L);
    policy.put("digests", new JsonObject(Map.of()));
    policy.put("excludes", List.of());
    policy.put("keyrings", new JsonObject(Map.of()));
    policy.put("ima", new JsonObject(ima));
    policy.put("ima-buf", new JsonObject(Map.of()));
    policy.put("verification-keys", "");
    return new PolicyDocument(new JsonObject(policy));
  }

  /** One of {@link #TABLES}: digests in hex by name, in the document's order. */
  public Map<String, List<String>> table(String name) {
    JsonObject members = json.object(name);
    Map<String, List<String>> table = new LinkedHashMap<>();
    members.names().forEach(one -> table.put(one, members.strings(one)));
    return table;
  }

  public List<String> excludes() {
    return json.strings("excludes");
  }

  public List<String> ignoredKeyrings() {
    return json.object("ima").strings("ignored_keyrings");
  }

  public String logHash() {
    return json.object("ima").string("log_hash_alg");
  }

  /** When a tool says it made the policy. */
  public Optional<String> timestamp() {
    return json.object("meta").optionalString("timestamp");
  }

  public VerificationKeys verificationKeys() {
    return VerificationKeys.parse(json.string("verification-keys"));
  }

  /** The same document with another value of one member. */
  public PolicyDocument with(String member, @Nullable Object value) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>(json.members());
    members.put(member, value);
    return new PolicyDocument(new JsonObject(members));
  }

  /** The same document in which one of {@link #TABLES} also has these names and digests. */
  public PolicyDocument allowing(String table, Map<String, List<String>> more) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(json.object(table).members());
    Map<String, List<String>> before = table(table);
    more.forEach(
        (name, digests) -> {
          Set<String> union = new TreeSet<>(before.getOrDefault(name, List.of()));
          union.addAll(digests);
          all.put(name, List.copyOf(union));
        });
    return with(table, new JsonObject(all));
  }

  /**
   * What either document allows, excludes, ignores and trusts (runtime-policy §6). Of members that
   * can only be one thing this document's stays, except that a key of the other replaces one of the
   * same id.
   */
  public PolicyDocument merge(PolicyDocument other) {
    PolicyDocument merged = this;
    for (String table : TABLES) {
      merged = merged.allowing(table, other.table(table));
    }
    Map<String, @Nullable Object> ima = new LinkedHashMap<>(json.object("ima").members());
    ima.put("ignored_keyrings", union(ignoredKeyrings(), other.ignoredKeyrings()));
    return merged
        .with("excludes", union(excludes(), other.excludes()))
        .with("ima", new JsonObject(ima))
        .with("verification-keys", keyring(other.verificationKeys().and(verificationKeys())));
  }

  /** The text of the member {@code verification-keys}. */
  public static String keyring(VerificationKeys keys) {
    return keys.isEmpty() ? "" : Json.text(keys.toJson());
  }

  private static List<String> union(List<String> a, List<String> b) {
    Set<String> all = new TreeSet<>(a);
    all.addAll(b);
    return List.copyOf(all);
  }

  /** The document as one line of JSON. */
  public Bytes toText() {
    return Bytes.of(Json.bytes(json));
  }
}
