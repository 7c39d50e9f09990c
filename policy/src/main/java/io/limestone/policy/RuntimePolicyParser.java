package io.limestone.policy;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Spelling;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;

/**
 * Reads a runtime policy (runtime-policy §1) in one pass, straight into the tables it is judged
 * with: a policy of a million digests is never held as text values. Keys that are not known are
 * passed over, as Keylime does, but not those that look like a known one misspelt: what its author
 * wrote there would silently do nothing. For one document.
 */
final class RuntimePolicyParser {
  private static final String DM_POLICY = "dm-policy";
  private static final List<String> REQUIRED =
      List.of(
          "meta",
          "release",
          "digests",
          "excludes",
          "keyrings",
          "ima",
          "ima-buf",
          "verification-keys");
  private static final List<String> REQUIRED_META = List.of("version", "generator");
  private static final List<String> REQUIRED_IMA =
      List.of("ignored_keyrings", "log_hash_alg", "dm_policy");
  private static final List<String> OPTIONAL = List.of(DM_POLICY);
  private static final List<String> OPTIONAL_META = List.of("timestamp");
  private static final Set<String> LOG_HASHES = Set.of("sha1", "sha256", "sha384", "sha512");

  private final JsonParser in;
  private final byte[] digest = new byte[64];

  private int generator;
  private DigestTable digests = new DigestTable();
  private ExcludeList excludes = ExcludeList.NONE;
  private DigestTable keyrings = new DigestTable();
  private Set<String> ignoredKeyrings = Set.of();
  private HashAlg logHash = HashAlg.SHA1;
  private DigestTable buffers = new DigestTable();
  private VerificationKeys keys = VerificationKeys.NONE;
  private DmPolicy devices = DmPolicy.NONE;

  RuntimePolicyParser(byte[] json) {
    this.in = Json.parser(json);
  }

  RuntimePolicy.Parts parse() {
    try (in) {
      in.nextToken();
      document();
    } catch (JacksonException e) {
      throw Json.malformed(e);
    }
    return new RuntimePolicy.Parts(
        generator,
        digests.trim(),
        excludes,
        keyrings.trim(),
        ignoredKeyrings,
        logHash,
        buffers.trim(),
        keys,
        devices);
  }

  private void document() {
    try {
      object("", REQUIRED, OPTIONAL, this::member);
      if (in.nextToken() != null) {
        throw new MalformedException("JSON: something follows the value");
      }
    } catch (MalformedException e) {
      TokenStreamLocation at = in.currentTokenLocation();
      throw new MalformedException(
          e.getMessage() + " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")", e);
    }
  }

  private interface Member {
    /** Reads the value at the cursor. */
    void read(String name);
  }

  private void member(String name) {
    switch (name) {
      case "meta" -> object("meta", REQUIRED_META, OPTIONAL_META, this::meta);
      case "release" -> integer("release", Long.MAX_VALUE);
      case "digests" -> digests = table("digests");
      case "excludes" -> excludes = ExcludeList.of(strings("excludes", ExcludeList::requireUsable));
      case "keyrings" -> keyrings = table("keyrings");
      case "ima" -> object("ima", REQUIRED_IMA, List.of(), this::ima);
      case "ima-buf" -> buffers = table("ima-buf");
      case "verification-keys" -> keys = VerificationKeys.parse(string("verification-keys"));
      case DM_POLICY -> devices = DmPolicy.of(Json.value(in), DM_POLICY);
      default -> in.skipChildren();
    }
  }

  private void meta(String name) {
    switch (name) {
      case "version" -> integer("meta.version", Long.MAX_VALUE);
      case "generator" -> generator = (int) integer("meta.generator", 3);
      case "timestamp" -> string("meta.timestamp");
      default -> in.skipChildren();
    }
  }

  private void ima(String name) {
    switch (name) {
      case "ignored_keyrings" ->
          ignoredKeyrings = Set.copyOf(strings("ima.ignored_keyrings", (text, place) -> {}));
      case "log_hash_alg" -> {
        String alg = string("ima.log_hash_alg");
        if (!LOG_HASHES.contains(alg)) {
          throw new MalformedException(
              "ima.log_hash_alg: '"
                  + Encoding.printable(alg, 40)
                  + "' is not one of ['sha1', 'sha256', 'sha384', 'sha512']");
        }
        logHash = HashAlg.named(alg).orElseThrow();
      }
      case "dm_policy" -> {
        if (in.currentToken() != JsonToken.VALUE_NULL) {
          throw new MalformedException(
              "ima.dm_policy: is not null; device-mapper rules stand in '" + DM_POLICY + "'");
        }
      }
      default -> in.skipChildren();
    }
  }

  private void object(String place, List<String> required, List<String> optional, Member member) {
    expect(place, JsonToken.START_OBJECT, "object");
    Set<String> seen = new HashSet<>();
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = in.currentName();
      if (required.contains(name)) {
        seen.add(name);
      } else if (!optional.contains(name)) {
        requireNoSlip(place, name, required, optional);
      }
      in.nextToken();
      member.read(name);
    }
    for (String name : required) {
      if (!seen.contains(name)) {
        throw new MalformedException(
            (place.isEmpty() ? "" : place + ": ") + "'" + name + "' is a required property");
      }
    }
  }

  /** A key that is nearly a known one is taken for a slip of the pen, not for something new. */
  private static void requireNoSlip(
      String place, String name, List<String> required, List<String> optional) {
    List<String> known = new ArrayList<>(required);
    known.addAll(optional);
    Optional<String> meant =
        Spelling.nearest(
                name.toLowerCase(Locale.ROOT).replace('_', '-'),
                dashed(known),
                Math.clamp(name.length() / 3, 1, 2))
            .map(one -> known.get(dashed(known).indexOf(one)));
    if (meant.isPresent()) {
      throw new MalformedException(
          (place.isEmpty() ? "" : place + ": ")
              + "'"
              + Encoding.printable(name, 80)
              + "' is no key of a runtime policy; did you mean '"
              + meant.get()
              + "'?");
    }
  }

  private static List<String> dashed(List<String> names) {
    return names.stream().map(name -> name.replace('_', '-')).toList();
  }

  private DigestTable table(String place) {
    DigestTable table = new DigestTable();
    expect(place, JsonToken.START_OBJECT, "object");
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = in.currentName();
      table.begin(Utf8.bytes(name));
      in.nextToken();
      if (in.currentToken() != JsonToken.START_ARRAY) {
        throw wrong(place, name, -1, "is not of type 'array'");
      }
      int count = 0;
      while (in.nextToken() != JsonToken.END_ARRAY) {
        int length = digest();
        if (length < 0) {
          throw wrong(
              place, name, count, "is not a digest: 40, 64, 96 or 128 of the digits 0-9 a-f");
        }
        table.add(digest, length);
        count++;
      }
      if (count == 0) {
        throw wrong(place, name, -1, "[] should be non-empty");
      }
    }
    return table;
  }

  /** Decodes the digest at the cursor into {@link #digest}; its length, or -1 if it is none. */
  private int digest() {
    if (in.currentToken() != JsonToken.VALUE_STRING) {
      return -1;
    }
    int length = in.getStringLength() / 2;
    if (in.getStringLength() % 2 != 0
        || (length != 20 && length != 32 && length != 48 && length != 64)) {
      return -1;
    }
    char[] text = in.getStringCharacters();
    int from = in.getStringOffset();
    for (int i = 0; i < length; i++) {
      int high = nibble(text[from + 2 * i]);
      int low = nibble(text[from + 2 * i + 1]);
      if (high < 0 || low < 0) {
        return -1;
      }
      digest[i] = (byte) (high << 4 | low);
    }
    return length;
  }

  private static int nibble(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  /** Each item is checked while the cursor is on it, so that a complaint has its line. */
  private List<String> strings(String place, BiConsumer<String, String> check) {
    expect(place, JsonToken.START_ARRAY, "array");
    List<String> strings = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_ARRAY) {
      String item = place + "[" + strings.size() + "]";
      String text = string(item);
      check.accept(text, item);
      strings.add(text);
    }
    return strings;
  }

  private String string(String place) {
    expect(place, JsonToken.VALUE_STRING, "string");
    return in.getString();
  }

  /** A JSON integer; {@code 1.0} is one too. */
  private long integer(String place, long max) {
    if (!in.currentToken().isNumeric()) {
      throw new MalformedException(place + ": is not of type 'integer'");
    }
    BigDecimal value = Json.decimal(in);
    if (value.scale() > 100 // an exponent that would make the next line costly
        || value.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
        || value.remainder(BigDecimal.ONE).signum() != 0) {
      throw new MalformedException(place + ": is not of type 'integer'");
    }
    if (value.signum() < 0) {
      throw new MalformedException(place + ": " + value + " is less than the minimum of 0");
    }
    if (value.longValue() > max) {
      throw new MalformedException(place + ": " + value + " is greater than the maximum of " + max);
    }
    return value.longValue();
  }

  private void expect(String place, JsonToken token, String type) {
    @Nullable JsonToken found = in.currentToken();
    if (found != token) {
      throw new MalformedException(
          (place.isEmpty() ? "the policy" : place) + ": is not of type '" + type + "'");
    }
  }

  private static MalformedException wrong(String place, String name, int index, String what) {
    return new MalformedException(
        place
            + "["
            + Encoding.printable(name, 200)
            + "]"
            + (index < 0 ? "" : "[" + index + "]")
            + ": "
            + what);
  }
}
