package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The field forms that several of Keylime's messages share. */
final class Fields {
  private static final Pattern PORT = Pattern.compile("[1-9][0-9]{0,4}");

  private final Map<String, @Nullable Object> members = new LinkedHashMap<>();

  private Fields() {}

  /** Starts an object whose members keep the order they are put in. */
  static Fields object() {
    return new Fields();
  }

  Fields put(String name, @Nullable Object value) {
    members.put(name, value);
    return this;
  }

  /** A member that is left out when absent. */
  Fields putPresent(String name, Optional<?> value) {
    value.ifPresent(present -> members.put(name, present));
    return this;
  }

  /** A member that is null when absent. */
  Fields putNullable(String name, Optional<?> value) {
    members.put(name, value.orElse(null));
    return this;
  }

  JsonObject json() {
    return new JsonObject(members);
  }

  /** A text; the empty text counts as absent, as it does for every peer. */
  static Optional<String> text(JsonObject json, String name) {
    return json.optionalString(name).filter(text -> !text.isEmpty());
  }

  /** Canonical base64. */
  static Optional<Bytes> base64(JsonObject json, String name) {
    return read(json, name, Bytes::ofBase64);
  }

  /** Canonical base64 of something secret. */
  static Optional<Secret> secret(JsonObject json, String name) {
    return read(
        json,
        name,
        text -> {
          byte[] bytes = Encoding.unbase64(text);
          try {
            return Secret.of(bytes);
          } finally {
            Encoding.wipe(bytes);
          }
        });
  }

  /** Base64, or else hex with an optional {@code 0x}: some peers of the registrar send hex. */
  static Optional<Bytes> binary(JsonObject json, String name) {
    return read(
        json,
        name,
        text -> {
          try {
            return Bytes.ofBase64(text);
          } catch (MalformedException notBase64) {
            try {
              return Bytes.ofHex(text.startsWith("0x") ? text.substring(2) : text);
            } catch (MalformedException notHex) {
              throw notBase64;
            }
          }
        });
  }

  /** A TCP port, 1 to 65535, as a number or as digits: the tenant sends digits. */
  static Optional<Integer> port(JsonObject json, String name) {
    return switch (json.members().get(name)) {
      case null -> Optional.empty();
      case String text when text.isEmpty() -> Optional.empty();
      case Long number when number >= 1 && number <= 65535 -> Optional.of(number.intValue());
      case String text when PORT.matcher(text).matches() && Integer.parseInt(text) <= 65535 ->
          Optional.of(Integer.parseInt(text));
      default -> throw new MalformedException(name + " is not a port (1 to 65535)");
    };
  }

  static MalformedException missing(String name) {
    return new MalformedException(name + " is missing");
  }

  /** Complains if a member is not there at all; null counts as there. */
  static void require(JsonObject json, String... names) {
    for (String name : names) {
      if (!json.has(name)) {
        throw missing(name);
      }
    }
  }

  static <T> Optional<T> read(JsonObject json, String name, Function<String, T> form) {
    Optional<String> text = text(json, name);
    try {
      return text.map(form);
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }
}
