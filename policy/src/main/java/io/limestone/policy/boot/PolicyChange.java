package io.limestone.policy.boot;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One operation of a JSON Patch (RFC 6902) on a policy document.
 *
 * @param op {@code add} or {@code replace}
 * @param path JSON Pointer (RFC 6901); a last {@code -} is the end of a list
 * @param value of the kinds that {@code wire.Json} writes
 */
public record PolicyChange(String op, String path, Object value) {
  static PolicyChange add(String path, Object value) {
    return new PolicyChange("add", path, value);
  }

  static PolicyChange replace(String path, Object value) {
    return new PolicyChange("replace", path, value);
  }

  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("op", op);
    json.put("path", path);
    json.put("value", value);
    return json;
  }
}
