package io.limestone.policy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The forms that came before runtime policies (runtime-policy §2), read as one: flat text with a
 * digest and a path on each line, JSON with {@code hashes}, and policies of an older version.
 */
public final class LegacyAllowlist {
  private static final String KEYRING = "%keyring:";
  private static final int COMPATIBLE = 2;
  private static final int LEGACY = 3;

  private LegacyAllowlist() {}

  /**
   * The policy that an old form stands for.
   *
   * @param timestamp goes into its meta
   * @throws MalformedException with line or member, and the reason
   */
  public static PolicyDocument read(Bytes file, String timestamp) {
    byte[] bytes = file.toArray();
    int first = 0;
    while (first < bytes.length && Character.isWhitespace(bytes[first])) {
      first++;
    }
    PolicyDocument empty = PolicyDocument.empty(timestamp);
    PolicyDocument read =
        first < bytes.length && bytes[first] == '{'
            ? json(Json.object(bytes), empty)
            : flat(bytes, empty);
    return PolicyDocument.parse(read.toText());
  }

  private static PolicyDocument flat(byte[] bytes, PolicyDocument empty) {
    Map<String, List<String>> digests = new LinkedHashMap<>();
    Map<String, List<String>> keyrings = new LinkedHashMap<>();
    int number = 0;
    for (String raw : text(bytes).split("\n", -1)) {
      number++;
      String line = raw.strip();
      if (line.isEmpty()) {
        continue;
      }
      String[] parts = line.split("\\s+", 2);
      String digest = parts[0].toLowerCase(Locale.ROOT);
      if (parts.length < 2 || !isDigest(digest)) {
        throw new MalformedException(
            "line " + number + ": not a digest and a path: " + Encoding.printable(line, 80));
      }
      if (parts[1].startsWith(KEYRING)) {
        add(keyrings, parts[1].substring(KEYRING.length()), digest);
      } else {
        add(digests, parts[1].replace(' ', '_'), digest);
      }
    }
    return empty.allowing("digests", digests).allowing("keyrings", keyrings);
  }

  private static boolean isDigest(String text) {
    return (text.length() == 40
            || text.length() == 64
            || text.length() == 96
            || text.length() == 128)
        && text.chars().allMatch(c -> Character.digit(c, 16) >= 0);
  }

  private static void add(Map<String, List<String>> to, String name, String digest) {
    to.computeIfAbsent(name, n -> new ArrayList<>()).add(digest);
  }

  private static PolicyDocument json(JsonObject json, PolicyDocument empty) {
    boolean policy = json.has("digests");
    if (policy && json.has("hashes")) {
      throw new MalformedException("has both digests and hashes: it cannot be told which counts");
    }
    if (!policy && !json.has("hashes")) {
      throw new MalformedException("neither a policy (digests) nor an allow-list (hashes)");
    }
    PolicyDocument read = empty;
    for (String table : PolicyDocument.TABLES) {
      JsonObject from =
          json.optionalObject(table.equals("digests") && !policy ? "hashes" : table)
              .orElse(new JsonObject(Map.of()));
      Map<String, List<String>> entries = new LinkedHashMap<>();
      from.names().forEach(name -> entries.put(name, from.strings(name)));
      read = read.allowing(table, entries);
    }
    if (json.members().get("excludes") instanceof List<?> excludes) {
      read = read.with("excludes", excludes);
    }
    if (json.members().get("verification-keys") instanceof String keys) {
      read = read.with("verification-keys", keys);
    }
    Optional<JsonObject> ima = json.optionalObject("ima");
    Map<String, @Nullable Object> merged = new LinkedHashMap<>(read.json().object("ima").members());
    ima.ifPresent(
        from ->
            List.of("ignored_keyrings", "log_hash_alg")
                .forEach(
                    name -> {
                      Object value = from.members().get(name);
                      if (value != null) {
                        merged.put(name, value);
                      }
                    }));
    Map<String, @Nullable Object> meta = new LinkedHashMap<>(read.json().object("meta").members());
    meta.put("generator", (long) (policy ? COMPATIBLE : LEGACY));
    return read.with("ima", new JsonObject(merged)).with("meta", new JsonObject(meta));
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedException("not UTF-8 text", e);
    }
  }
}
