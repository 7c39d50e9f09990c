package io.limestone.policy;

import io.limestone.policy.boot.BootRules;
import io.limestone.policy.boot.PolicyChange;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Changes of a node's policies, small enough to be read before they are applied: digests for the
 * runtime policy, operations on the boot policy's document.
 */
public record PolicyPatch(RuntimePart runtime, BootPart boot) {
  private static final String VERSION = "limestone_policy_patch";

  /**
   * What a runtime policy gets.
   *
   * @param base SHA-256, hex, of the text of the policy that it was made for, if it was for one
   * @param additions by table of {@link PolicyDocument#TABLES}, then by name
   */
  public record RuntimePart(
      Optional<String> base, Map<String, Map<String, List<String>>> additions) {
    public boolean isEmpty() {
      return additions.values().stream().allMatch(Map::isEmpty);
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

  /**
   * What a boot policy of ours gets.
   *
   * @param base as in {@link RuntimePart}
   */
  public record BootPart(Optional<String> base, List<PolicyChange> changes) {
    public BootPart {
      changes = List.copyOf(changes);
    }

    public boolean isEmpty() {
      return changes.isEmpty();
    }

    /**
     * The document after all changes.
     *
     * @throws MalformedException if there is no such place in it, or the result is no valid policy
     */
    public JsonObject apply(JsonObject document) {
      JsonObject changed = PolicyChange.apply(document, changes);
      var unused = BootRules.parse(changed);
      return changed;
    }
  }

  public static final PolicyPatch EMPTY = of(Optional.empty(), Optional.empty(), List.of());

  /** The patch for whatever policy that carries out one fix. */
  public static PolicyPatch of(Fix fix) {
    return of(Optional.empty(), Optional.empty(), List.of(fix));
  }

  /** The patch that carries out these fixes, each once. */
  public static PolicyPatch of(
      Optional<String> runtimeBase, Optional<String> bootBase, Collection<Fix> fixes) {
    Map<String, Map<String, List<String>>> additions = new LinkedHashMap<>();
    List<PolicyChange> changes = new ArrayList<>();
    for (Fix fix : fixes) {
      switch (fix) {
        case Fix.None none -> {}
        case Fix.Listed listed -> addOnce(listed.digest(), digests(additions, listed));
        case Fix.Changed changed -> changed.changes().forEach(one -> addOnce(one, changes));
      }
    }
    return new PolicyPatch(
        new RuntimePart(runtimeBase, additions), new BootPart(bootBase, changes));
  }

  private static List<String> digests(
      Map<String, Map<String, List<String>>> additions, Fix.Listed fix) {
    return additions
        .computeIfAbsent(fix.table(), table -> new LinkedHashMap<>())
        .computeIfAbsent(fix.name(), name -> new ArrayList<>());
  }

  private static <T> void addOnce(T item, List<T> items) {
    if (!items.contains(item)) {
      items.add(item);
    }
  }

  public boolean isEmpty() {
    return runtime.isEmpty() && boot.isEmpty();
  }

  /** How a policy is named that a patch is made for. */
  public static String digestOf(Bytes policyText) {
    return HashAlg.SHA256.digest(policyText).hex();
  }

  /**
   * {@code {"limestone_policy_patch": 1, "base": HEX, "add": {"digests": {NAME: [HEX]}}, "boot":
   * {"base": HEX, "change": [{"op", "path", "value"}]}}}; what is empty is left out.
   */
  public JsonObject toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(VERSION, 1L);
    if (!runtime.isEmpty()) {
      runtime.base().ifPresent(digest -> json.put("base", digest));
      json.put("add", runtime.additions());
    }
    if (!boot.isEmpty()) {
      Map<String, Object> part = new LinkedHashMap<>();
      boot.base().ifPresent(digest -> part.put("base", digest));
      part.put("change", boot.changes().stream().map(PolicyChange::json).toList());
      json.put("boot", part);
    }
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
    only(json, VERSION, "base", "add", "boot");
    Optional<JsonObject> boot = json.optionalObject("boot");
    boot.ifPresent(part -> only(part, "base", "change"));
    return new PolicyPatch(
        new RuntimePart(
            json.optionalString("base"),
            json.optionalObject("add").map(PolicyPatch::additions).orElse(Map.of())),
        new BootPart(
            boot.flatMap(part -> part.optionalString("base")),
            boot.map(PolicyPatch::changes).orElse(List.of())));
  }

  private static void only(JsonObject json, String... members) {
    for (String name : json.names()) {
      if (!List.of(members).contains(name)) {
        throw new MalformedException("policy patch: a member that is not known");
      }
    }
  }

  private static Map<String, Map<String, List<String>>> additions(JsonObject add) {
    Map<String, Map<String, List<String>>> additions = new LinkedHashMap<>();
    for (String table : add.names()) {
      if (!PolicyDocument.TABLES.contains(table)) {
        throw new MalformedException("policy patch: add: a part that is not known");
      }
      JsonObject members = add.object(table);
      Map<String, List<String>> names = new LinkedHashMap<>();
      members.names().forEach(name -> names.put(name, members.strings(name)));
      additions.put(table, names);
    }
    return additions;
  }

  private static List<PolicyChange> changes(JsonObject boot) {
    List<PolicyChange> changes = new ArrayList<>();
    for (Object item : boot.list("change")) {
      if (!(item instanceof JsonObject operation)) {
        throw new MalformedException("policy patch: boot: change is not a list of objects");
      }
      changes.add(PolicyChange.fromJson(operation));
    }
    return changes;
  }
}
