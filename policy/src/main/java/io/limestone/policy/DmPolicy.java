package io.limestone.policy;

import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What device-mapper devices a node may set up: the member {@code dm-policy} of a runtime policy,
 * in the form of Keylime's dm policy (ima.md §8), which Keylime's own schema leaves no place for.
 * Keylime passes the member over.
 *
 * @param matchOn the attribute that a device is known by: {@code name} or {@code uuid}
 * @param kexec whether a kernel may be started with kexec, which sets up its devices anew: our own
 *     member {@code allow_kexec}, true where it is absent
 * @param rules by name, in the order of the document: the first whose load matches a device is its
 */
public record DmPolicy(String matchOn, boolean kexec, List<Rule> rules) {
  /** The device mapper's entries are judged as other buffers are. */
  public static final DmPolicy NONE = new DmPolicy("name", true, List.of());

  private static final int MAX_RULES = 1000;
  private static final int MAX_TARGETS = 1000;
  private static final List<String> DEVICE =
      List.of("name", "uuid", "major", "minor", "minor_count", "num_targets");

  public DmPolicy {
    rules = List.copyOf(rules);
  }

  /**
   * What one kind of device may be, and do.
   *
   * @param required whether a valid device of this rule must be there at each attestation
   * @param resumeRequired whether it must be working, not only loaded
   * @param device by attribute of the device
   * @param targets in the table's order, by attribute
   */
  public record Rule(
      String name,
      boolean required,
      boolean resumeRequired,
      Expected newName,
      Expected newUuid,
      boolean removable,
      boolean clearable,
      boolean reloadable,
      Map<String, Expected> device,
      List<Map<String, Expected>> targets) {}

  public boolean isEmpty() {
    return rules.isEmpty();
  }

  /** The rule of the name, if there is one. */
  public Optional<Rule> rule(String name) {
    return rules.stream().filter(rule -> rule.name().equals(name)).findFirst();
  }

  /** The first rule for a device that is known by {@code key}. */
  public Optional<Rule> ruleFor(String key) {
    return rules.stream()
        .filter(rule -> rule.device().getOrDefault(matchOn, Expected.ANYTHING).accepts(key))
        .findFirst();
  }

  /**
   * The policy of its JSON value; null is none.
   *
   * @throws MalformedException with the place and the reason
   */
  static DmPolicy of(@Nullable Object value, String place) {
    if (value == null) {
      return NONE;
    }
    JsonObject json = object(value, place);
    requireOnly(json, place, "version", "match_on", "allow_kexec", "rules");
    if (!Long.valueOf(1).equals(json.members().get("version"))) {
      throw new MalformedException(place + ".version: is not 1");
    }
    String matchOn = json.optionalString("match_on").orElse("");
    if (!matchOn.equals("name") && !matchOn.equals("uuid")) {
      throw new MalformedException(place + ".match_on: is neither 'name' nor 'uuid'");
    }
    boolean kexec = !json.has("allow_kexec") || flag(json, "allow_kexec", place);
    List<Rule> rules = new ArrayList<>();
    for (Map.Entry<String, @Nullable Object> one :
        object(json.members().get("rules"), place + ".rules").members().entrySet()) {
      if (rules.size() == MAX_RULES) {
        throw new MalformedException(place + ".rules: more than " + MAX_RULES);
      }
      String where = place + ".rules[" + Encoding.printable(one.getKey(), 80) + "]";
      rules.add(rule(one.getKey(), object(one.getValue(), where), where));
    }
    return new DmPolicy(matchOn, kexec, rules);
  }

  private static Rule rule(String name, JsonObject json, String place) {
    requireOnly(
        json,
        place,
        "required",
        "device_resume_required",
        "device_rename",
        "device_remove",
        "allow_clear",
        "table_load");
    JsonObject rename = object(json.members().get("device_rename"), place + ".device_rename");
    JsonObject remove = object(json.members().get("device_remove"), place + ".device_remove");
    JsonObject load = object(json.members().get("table_load"), place + ".table_load");
    requireOnly(rename, place + ".device_rename", "valid_name", "valid_uuid");
    requireOnly(remove, place + ".device_remove", "allow_removal");
    Map<String, Expected> device = new LinkedHashMap<>();
    List<Map<String, Expected>> targets = List.of();
    for (Map.Entry<String, @Nullable Object> one : load.members().entrySet()) {
      String where = place + ".table_load." + Encoding.printable(one.getKey(), 80);
      switch (one.getKey()) {
        case "allow_multiple_loads" -> {}
        case "targets" -> targets = targets(one.getValue(), where);
        default -> {
          if (!DEVICE.contains(one.getKey())) {
            throw new MalformedException(where + ": is no attribute of a device");
          }
          device.put(one.getKey(), Expected.of(one.getValue(), where));
        }
      }
    }
    return new Rule(
        name,
        flag(json, "required", place),
        flag(json, "device_resume_required", place),
        Expected.of(rename.members().get("valid_name"), place + ".device_rename.valid_name"),
        Expected.of(rename.members().get("valid_uuid"), place + ".device_rename.valid_uuid"),
        flag(remove, "allow_removal", place + ".device_remove"),
        flag(json, "allow_clear", place),
        flag(load, "allow_multiple_loads", place + ".table_load"),
        Map.copyOf(device),
        targets);
  }

  private static List<Map<String, Expected>> targets(@Nullable Object value, String place) {
    if (!(value instanceof List<?> items) || items.isEmpty() || items.size() > MAX_TARGETS) {
      throw new MalformedException(place + ": is no list of 1 to " + MAX_TARGETS + " targets");
    }
    List<Map<String, Expected>> targets = new ArrayList<>();
    for (Object item : items) {
      String where = place + "[" + targets.size() + "]";
      Map<String, Expected> target = new LinkedHashMap<>();
      object(item, where)
          .members()
          .forEach(
              (key, expected) ->
                  target.put(
                      key, Expected.of(expected, where + "." + Encoding.printable(key, 80))));
      targets.add(Map.copyOf(target));
    }
    return List.copyOf(targets);
  }

  private static boolean flag(JsonObject json, String name, String place) {
    if (json.members().get(name) instanceof Boolean flag) {
      return flag;
    }
    throw new MalformedException(place + "." + name + ": is neither true nor false");
  }

  private static JsonObject object(@Nullable Object value, String place) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw new MalformedException(place + ": is not of type 'object'");
  }

  /** Unlike elsewhere in a policy, every key counts: these rules are nobody's but ours. */
  private static void requireOnly(JsonObject json, String place, String... known) {
    Set<String> unknown = new HashSet<>(json.names());
    Set.of(known).forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new MalformedException(
          place + ": '" + Encoding.printable(unknown.iterator().next(), 80) + "' is not known");
    }
  }
}
