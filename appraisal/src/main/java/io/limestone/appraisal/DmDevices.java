package io.limestone.appraisal;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The device-mapper devices of a node after the measurement entries judged so far, by the attribute
 * that the policy knows them by. Immutable: it goes from attestation to attestation.
 */
public record DmDevices(Map<String, Device> byKey) {
  public static final DmDevices NONE = new DmDevices(Map.of());

  /** A node with more has set them up to fill our memory. */
  static final int MAX_DEVICES = 1000;

  public DmDevices {
    byKey = Map.copyOf(byKey);
  }

  /**
   * A device whose table was loaded.
   *
   * @param rule name of the policy's rule that it is judged by
   * @param active whether it was resumed since
   * @param valid whether it is as the rule demands it
   * @param table {@code algorithm:hex} of its load event's data
   */
  public record Device(String rule, boolean active, boolean valid, String table) {
    Device resumed() {
      return new Device(rule, true, true, table);
    }

    Device invalid() {
      return new Device(rule, active, false, table);
    }
  }

  DmDevices with(String key, Device device) {
    Map<String, Device> more = new LinkedHashMap<>(byKey);
    more.put(key, device);
    return new DmDevices(more);
  }

  DmDevices without(String key) {
    Map<String, Device> fewer = new LinkedHashMap<>(byKey);
    fewer.remove(key);
    return new DmDevices(fewer);
  }

  boolean isEmpty() {
    return byKey.isEmpty();
  }

  JsonObject toJson() {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    byKey.forEach(
        (key, device) ->
            members.put(
                key,
                new JsonObject(
                    Map.of(
                        "rule", device.rule(),
                        "active", device.active(),
                        "valid", device.valid(),
                        "table", device.table()))));
    return new JsonObject(members);
  }

  static DmDevices fromJson(JsonObject json) {
    Map<String, Device> byKey = new LinkedHashMap<>();
    for (String key : json.names()) {
      JsonObject device = json.object(key);
      byKey.put(
          key,
          new Device(
              device.string("rule"),
              device.bool("active"),
              device.bool("valid"),
              device.string("table")));
    }
    if (byKey.size() > MAX_DEVICES) {
      throw new MalformedException("more than " + MAX_DEVICES + " devices");
    }
    return new DmDevices(byKey);
  }
}
