package io.limestone.policy.boot;

import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One operation of a JSON Patch (RFC 6902) on a policy document.
 *
 * @param op {@code add} or {@code replace}
 * @param path JSON Pointer (RFC 6901); a last {@code -} is the end of a list
 * @param value of the kinds that {@code wire.Json} writes
 */
public record PolicyChange(String op, String path, Object value) {
  private static final Pattern PATH = Pattern.compile("(/[A-Za-z0-9_-]{1,64}){1,4}");

  static PolicyChange add(String path, Object value) {
    return new PolicyChange("add", path, value);
  }

  static PolicyChange replace(String path, Object value) {
    return new PolicyChange("replace", path, value);
  }

  /**
   * The operation of its JSON form.
   *
   * @throws MalformedException if it is not one that is carried out here
   */
  public static PolicyChange fromJson(JsonObject json) {
    if (!Set.of("op", "path", "value").containsAll(json.names())) {
      throw new MalformedException("change: a member other than op, path and value");
    }
    String op = json.string("op");
    String path = json.string("path");
    Object value = json.members().get("value");
    if ((!op.equals("add") && !op.equals("replace")) || !PATH.matcher(path).matches()) {
      throw new MalformedException(
          "change: not an add or a replace at a place of a boot policy: "
              + Encoding.printable(op + " " + path, 80));
    }
    if (value == null) {
      throw new MalformedException("change: has no value");
    }
    return new PolicyChange(op, path, value);
  }

  /**
   * A document after all of these changes; whether it is a policy then is for others to say.
   *
   * @throws MalformedException if there is no such place in it
   */
  public static JsonObject apply(JsonObject document, List<PolicyChange> changes) {
    DocumentTree changed = new DocumentTree(document);
    changes.forEach(changed::apply);
    return changed.json();
  }

  /** Whether the policy demands less thereafter, and not just allows one thing more. */
  public boolean weakens() {
    return op.equals("replace") || path.startsWith("/absent/");
  }

  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("op", op);
    json.put("path", path);
    json.put("value", value);
    return json;
  }
}
