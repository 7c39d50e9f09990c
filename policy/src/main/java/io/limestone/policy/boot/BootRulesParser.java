package io.limestone.policy.boot;

import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Reads a boot policy's document; what it does not know, it refuses. */
final class BootRulesParser {
  /** Lists of keys, in the member {@code keys}. */
  static final List<String> KEY_LISTS = List.of("PK", "KEK", "db", "authorities");

  private static final String ANY = "any";
  private static final Set<String> MAY_BE_ABSENT = Set.of("SecureBoot", "PK", "KEK", "db", "dbx");

  private final JsonObject json;

  private BootRulesParser(JsonObject json) {
    this.json = json;
  }

  static BootRules parse(JsonObject json) {
    return new BootRulesParser(json).parse();
  }

  private BootRules parse() {
    if (json.integer(BootRules.MARKER) != BootRules.VERSION) {
      throw new MalformedException(
          BootRules.MARKER + " is not " + BootRules.VERSION + ": a later version's policy?");
    }
    only(json, members().toArray(String[]::new));
    Map<Aspect, List<Allowed>> measured = new EnumMap<>(Aspect.class);
    for (Aspect aspect : Aspect.values()) {
      boolean free = aspect == Aspect.CONFIGURATION && !json.has(aspect.member());
      list(json, aspect.member(), Allowed::of)
          .filter(list -> !free)
          .ifPresent(list -> measured.put(aspect, list));
    }
    Map<String, List<AllowedKey>> keys = new LinkedHashMap<>();
    JsonObject lists = json.optionalObject("keys").orElse(new JsonObject(Map.of()));
    only(lists, KEY_LISTS.toArray(String[]::new));
    for (String name : KEY_LISTS) {
      list(lists, name, AllowedKey::of).ifPresent(list -> keys.put(name, list));
    }
    return new BootRules(
        secureBoot(),
        measured,
        keys,
        list(json, "dbx", BootRulesParser::revoked).orElse(List.of()),
        list(json, "sbat", BootRulesParser::generation).orElse(List.of()),
        list(json, "command_lines", CommandLine::of),
        phases(),
        absent());
  }

  /** The members that a document may have. */
  static List<String> members() {
    List<String> members =
        new ArrayList<>(
            List.of(
                BootRules.MARKER,
                "description",
                "secure_boot",
                "keys",
                "dbx",
                "sbat",
                "command_lines",
                "phases",
                "absent"));
    for (Aspect aspect : Aspect.values()) {
      members.add(aspect.member());
    }
    return members;
  }

  static void only(JsonObject json, String... members) {
    Set<String> known = Set.of(members);
    for (String name : json.names()) {
      if (!known.contains(name)) {
        throw new MalformedException(
            Encoding.printable(name, 60) + " is not a member that is known here");
      }
    }
  }

  private Optional<Boolean> secureBoot() {
    return json.members().get("secure_boot") instanceof String text && text.equals(ANY)
        ? Optional.empty()
        : Optional.of(json.bool("secure_boot"));
  }

  private static Demanded.Revoked revoked(JsonObject json) {
    only(json, "name", "sha256", "from");
    return new Demanded.Revoked(AllowedKey.sha256(json.string("sha256")), Window.of(json).from());
  }

  private static Demanded.Generation generation(JsonObject json) {
    only(json, "component", "level", "from");
    return new Demanded.Generation(
        json.string("component"), json.integer("level"), Window.of(json).from());
  }

  private Set<String> phases() {
    Set<String> phases = json.has("phases") ? new HashSet<>(json.strings("phases")) : Set.of();
    for (String path : phases) {
      if (!path.matches("([a-z0-9-]{1,64}(:[a-z0-9-]{1,64}){0,15})?")) {
        throw new MalformedException(
            "phases: not a path such as enter-initrd:leave-initrd:sysinit:ready");
      }
    }
    return Set.copyOf(phases);
  }

  private Set<String> absent() {
    Set<String> absent = json.has("absent") ? new HashSet<>(json.strings("absent")) : Set.of();
    if (!MAY_BE_ABSENT.containsAll(absent)) {
      throw new MalformedException("absent: only SecureBoot, PK, KEK, db and dbx may be");
    }
    return Set.copyOf(absent);
  }

  /**
   * A list of objects; empty for {@code "any"}; no member is an empty list, which allows nothing.
   */
  private static <T> Optional<List<T>> list(
      JsonObject json, String name, Function<JsonObject, T> reader) {
    Object value = json.members().get(name);
    if (value instanceof String text && text.equals(ANY)) {
      return Optional.empty();
    }
    List<T> all = new ArrayList<>();
    for (Object item : json.has(name) ? json.list(name) : List.of()) {
      String place = name + "[" + all.size() + "]";
      if (!(item instanceof JsonObject object)) {
        throw new MalformedException(place + " is not an object");
      }
      try {
        all.add(reader.apply(object));
      } catch (MalformedException e) {
        throw e.in(place);
      }
    }
    return Optional.of(List.copyOf(all));
  }
}
