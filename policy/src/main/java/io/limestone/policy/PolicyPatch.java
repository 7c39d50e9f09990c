package io.limestone.policy;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A change of a runtime policy that only adds digests: small enough to be read before it is
 * applied.
 *
 * @param base SHA-256, hex, of the text of the policy that it was made for, if it was for one
 * @param additions by table of {@link PolicyDocument#TABLES}, then by name
 */
public record PolicyPatch(Optional<String> base, Map<String, Map<String, List<String>>> additions) {
  private static final String VERSION = "limestone_policy_patch";

  public boolean isEmpty() {
    return additions.values().stream().allMatch(Map::isEmpty);
  }

  /** How a policy is named that a patch is made for. */
  public static String digestOf(Bytes policyText) {
    return HashAlg.SHA256.digest(policyText).hex();
  }

  /** {@code {"limestone_policy_patch": 1, "base": HEX, "add": {"digests": {NAME: [HEX]}}}}. */
  public JsonObject toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(VERSION, 1L);
    base.ifPresent(digest -> json.put("base", digest));
    json.put("add", additions);
    return new JsonObject(json);
  }

  /**
   * The patch of its JSON form.
   *
   * @throws MalformedException if it is none, or says something that is not known here
   */
  public static PolicyPatch fromJson(JsonObject json) {
    if (!Long.valueOf(1).equals(json.members().get(VERSION))) {
      throw new MalformedException("not a policy patch: " + VERSION + " is not 1");
    }
    for (String name : json.names()) {
      if (!List.of(VERSION, "base", "add").contains(name)) {
        throw new MalformedException("policy patch: a member that is not known");
      }
    }
    Map<String, Map<String, List<String>>> additions = new LinkedHashMap<>();
    JsonObject add = json.object("add");
    for (String table : add.names()) {
      if (!PolicyDocument.TABLES.contains(table)) {
        throw new MalformedException("policy patch: add: a part that is not known");
      }
      JsonObject members = add.object(table);
      Map<String, List<String>> names = new LinkedHashMap<>();
      members.names().forEach(name -> names.put(name, members.strings(name)));
      additions.put(table, names);
    }
    return new PolicyPatch(json.optionalString("base"), additions);
  }

  /**
   * The policy with the additions.
   *
   * @throws MalformedException if the result is no valid policy
   */
  public PolicyDocument apply(PolicyDocument policy) {
    PolicyDocument changed = policy;
    for (Map.Entry<String, Map<String, List<String>>> one : additions.entrySet()) {
      changed = changed.allowing(one.getKey(), one.getValue());
    }
    return PolicyDocument.parse(changed.toText());
  }
}
