package io.limestone.policy;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Keys that signatures of files are verified with, by key id (ima.md §7): those of a policy, or
 * those that a node's kernel loaded with the policy's leave. Immutable.
 */
public final class VerificationKeys {
  public static final VerificationKeys NONE = new VerificationKeys(Map.of());

  private static final int MAX_KEYS = 1000;

  private final Map<Long, ImaKey> byId;

  private VerificationKeys(Map<Long, ImaKey> byId) {
    this.byId = Collections.unmodifiableMap(byId);
  }

  /**
   * The keys of Keylime's keyring text: {@code {"keyids": […], "pubkeys": [base64 DER …]}}, perhaps
   * encoded twice; an empty text, {@code null}, {@code []} and {@code ""} are none. A key that does
   * not load is left out: what it signed is then not allowed.
   *
   * @throws MalformedException if it is no such text
   */
  public static VerificationKeys parse(String text) {
    return keyring(text).map(VerificationKeys::of).orElse(NONE);
  }

  /** How many keys such a text lists, also those that do not load. */
  static int listed(String text) {
    return keyring(text).map(keyring -> keyring.list("pubkeys").size()).orElse(0);
  }

  private static Optional<JsonObject> keyring(String text) {
    if (text.isBlank()) {
      return Optional.empty();
    }
    Object value = value(text);
    if (value instanceof String inner) {
      if (inner.isBlank()) {
        return Optional.empty();
      }
      value = value(inner);
    }
    if (value instanceof List<?> list && list.isEmpty()) {
      return Optional.empty();
    }
    if (value instanceof JsonObject keyring) {
      return Optional.of(keyring);
    }
    throw new MalformedException("verification-keys: is not a keyring object");
  }

  private static Object value(String text) {
    try {
      Object value = Json.value(text.getBytes(StandardCharsets.UTF_8));
      return value == null ? List.of() : value;
    } catch (MalformedException e) {
      throw e.in("verification-keys");
    }
  }

  private static VerificationKeys of(JsonObject keyring) {
    for (String name : List.of("keyids", "pubkeys")) {
      if (!keyring.has(name)) {
        throw new MalformedException("verification-keys: '" + name + "' is a required property");
      }
    }
    List<?> ids;
    List<String> keys;
    try {
      ids = keyring.list("keyids");
      keys = keyring.strings("pubkeys");
    } catch (MalformedException e) {
      throw e.in("verification-keys");
    }
    if (keys.size() > MAX_KEYS || ids.size() > MAX_KEYS) {
      throw new MalformedException("verification-keys: more than " + MAX_KEYS + " keys");
    }
    for (Object id : ids) {
      if (!(id instanceof Long)) {
        throw new MalformedException("verification-keys: keyids: is not a list of integers");
      }
    }
    Map<Long, ImaKey> byId = new LinkedHashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      long given = i < ids.size() ? (Long) ids.get(i) : 0;
      Optional<ImaKey> key = ImaKey.ofSubjectPublicKeyInfo(unbase64(keys.get(i)));
      key.ifPresent(one -> byId.putIfAbsent(given == 0 ? one.id() : given, one));
    }
    return new VerificationKeys(byId);
  }

  private static byte[] unbase64(String text) {
    try {
      return Bytes.ofBase64(text).toArray();
    } catch (MalformedException e) {
      throw e.in("verification-keys: pubkeys");
    }
  }

  public boolean isEmpty() {
    return byId.isEmpty();
  }

  /** Key ids, 0 to 2^32-1. */
  public Set<Long> ids() {
    return byId.keySet();
  }

  /** Of each key its id and the SHA-256 of its DER, both in hex. */
  List<String> fingerprints() {
    return byId.entrySet().stream()
        .map(
            one ->
                "%08x sha256:%s"
                    .formatted(
                        one.getKey(),
                        HashAlg.SHA256.digest(one.getValue().subjectPublicKeyInfo()).hex()))
        .toList();
  }

  public int size() {
    return byId.size();
  }

  /** These keys and one more; a key id that is taken keeps its key, and there is an end to it. */
  public VerificationKeys with(ImaKey key) {
    return with(key.id(), key);
  }

  private VerificationKeys with(long id, ImaKey key) {
    if (byId.containsKey(id) || byId.size() >= MAX_KEYS) {
      return this;
    }
    Map<Long, ImaKey> more = new LinkedHashMap<>(byId);
    more.put(id, key);
    return new VerificationKeys(more);
  }

  /** These keys and others; a key id that is taken keeps its key. */
  public VerificationKeys and(VerificationKeys others) {
    VerificationKeys all = this;
    for (Map.Entry<Long, ImaKey> one : others.byId.entrySet()) {
      all = all.with(one.getKey(), one.getValue());
    }
    return all;
  }

  /**
   * Whether a file's {@code security.ima} signature is by one of these keys over its digest.
   *
   * @param signature the entry's signature field, header included
   * @param verity whether the digest is that of fs-verity's tree, not of the file's bytes
   */
  public boolean verify(Span signature, FileDigest alg, Span digest, boolean verity) {
    return ImaSignature.parse(signature)
        .filter(one -> one.digest() == alg)
        .map(one -> verify(one, digest, verity))
        .orElse(false);
  }

  private boolean verify(ImaSignature signature, Span digest, boolean verity) {
    ImaKey key = byId.get(signature.keyId());
    return key != null
        && signature
            .signedHash(digest, verity)
            .map(hash -> key.verifies(signature, hash))
            .orElse(false);
  }

  /** The portable form. */
  public JsonObject toJson() {
    List<Long> ids = new ArrayList<>(byId.keySet());
    List<String> keys =
        byId.values().stream().map(key -> key.subjectPublicKeyInfo().base64()).toList();
    return new JsonObject(Map.of("keyids", ids, "pubkeys", keys));
  }

  /** The keys of the portable form. */
  public static VerificationKeys fromJson(JsonObject json) {
    return of(json);
  }
}
