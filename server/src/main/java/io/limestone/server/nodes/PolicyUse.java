package io.limestone.server.nodes;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A version of a stored policy that evidence is judged by.
 *
 * @param kind {@code runtime} or {@code boot}
 * @param canary whether it decides for this node before it does for all
 */
public record PolicyUse(String kind, String name, long version, boolean canary) {

  /** For people: {@code runtime policy web version 3, as a canary}. */
  @Override
  public String toString() {
    return kind + " policy " + name + " version " + version + (canary ? ", as a canary" : "");
  }

  /** Whether it is the same version, whoever it decides for. */
  public boolean sameVersion(PolicyUse other) {
    return kind.equals(other.kind) && name.equals(other.name) && version == other.version;
  }

  /** For people, of several. */
  public static String words(List<PolicyUse> uses) {
    return uses.stream().map(PolicyUse::toString).collect(Collectors.joining(" and "));
  }

  /** As it is stored and shown. */
  public JsonObject toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", kind);
    json.put("name", name);
    json.put("version", version);
    json.put("canary", canary);
    return new JsonObject(json);
  }

  /**
   * Those of a member that lists some; none where it is not there.
   *
   * @throws MalformedException if it lists something else
   */
  public static List<PolicyUse> listed(JsonObject json, String member) {
    if (!json.has(member)) {
      return List.of();
    }
    return json.list(member).stream()
        .map(
            item -> {
              if (item instanceof JsonObject object) {
                return fromJson(object);
              }
              throw new MalformedException(member + " does not list policies");
            })
        .toList();
  }

  /**
   * One of its JSON form.
   *
   * @throws MalformedException if it is none
   */
  private static PolicyUse fromJson(JsonObject json) {
    return new PolicyUse(
        json.string("kind"), json.string("name"), json.integer("version"), json.bool("canary"));
  }
}
