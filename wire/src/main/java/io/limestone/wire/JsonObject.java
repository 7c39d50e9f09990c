package io.limestone.wire;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object whose members are asked for by name and kind. A missing member or one of another
 * kind is a {@link MalformedException} that names it; the {@code optional…} forms take a missing
 * member and {@code null} alike as absent.
 */
public record JsonObject(Map<String, @Nullable Object> members) {
  public JsonObject {
    members = Collections.unmodifiableMap(new LinkedHashMap<>(members));
  }

  public boolean has(String name) {
    return members.containsKey(name);
  }

  public Set<String> names() {
    return members.keySet();
  }

  public String string(String name) {
    return optionalString(name).orElseThrow(() -> missing(name));
  }

  public Optional<String> optionalString(String name) {
    return optional(name, String.class, "a string");
  }

  public long integer(String name) {
    return optionalInteger(name).orElseThrow(() -> missing(name));
  }

  public Optional<Long> optionalInteger(String name) {
    return optional(name, Long.class, "an integer");
  }

  public boolean bool(String name) {
    return optional(name, Boolean.class, "true or false").orElseThrow(() -> missing(name));
  }

  public JsonObject object(String name) {
    return optionalObject(name).orElseThrow(() -> missing(name));
  }

  public Optional<JsonObject> optionalObject(String name) {
    return optional(name, JsonObject.class, "an object");
  }

  public List<String> strings(String name) {
    List<?> items =
        optional(name, List.class, "a list of strings").orElseThrow(() -> missing(name));
    List<String> strings = new ArrayList<>(items.size());
    for (Object item : items) {
      if (!(item instanceof String text)) {
        throw new MalformedException(name + " is not a list of strings");
      }
      strings.add(text);
    }
    return Collections.unmodifiableList(strings);
  }

  public List<?> list(String name) {
    return optional(name, List.class, "a list").orElseThrow(() -> missing(name));
  }

  private <T> Optional<T> optional(String name, Class<T> kind, String words) {
    Object value = members.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!kind.isInstance(value)) {
      throw new MalformedException(name + " is not " + words);
    }
    return Optional.of(kind.cast(value));
  }

  private static MalformedException missing(String name) {
    return new MalformedException(name + " is missing");
  }
}
