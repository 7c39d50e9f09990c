package io.limestone.server.verifier;

import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Which nodes are meant: those that all conditions given are true of; without any, all nodes. Nodes
 * that are enrolled later are meant too.
 *
 * @param ids only these; empty: any
 * @param usersOf only those that use the policy of this name
 * @param group only those enrolled with this group
 */
record NodesAsked(SortedSet<String> ids, Optional<String> usersOf, Optional<String> group) {
  /** From the members {@code nodes}, {@code users_of} and {@code group}, each of which may lack. */
  static NodesAsked of(JsonObject json) {
    return new NodesAsked(
        json.has("nodes") ? new TreeSet<>(json.strings("nodes")) : new TreeSet<>(),
        json.optionalString("users_of").map(PolicyText::name),
        json.optionalString("group").map(Enrolled::group));
  }

  boolean isEmpty() {
    return ids.isEmpty() && usersOf.isEmpty() && group.isEmpty();
  }

  /**
   * Whether the node is meant.
   *
   * @param kind of the policy that {@code usersOf} names
   */
  boolean includes(Enrolled node, Policies.Kind kind) {
    return (ids.isEmpty() || ids.contains(node.id().value()))
        && (usersOf.isEmpty() || usersOf.equals(node.policy(kind)))
        && (group.isEmpty() || group.equals(node.group()));
  }

  /**
   * Those that are enrolled, in the order of their ids.
   *
   * @throws MalformedException if one is named that is not
   */
  List<Watched> in(Fleet fleet, Policies.Kind kind) {
    List<Watched> nodes = new ArrayList<>();
    SortedSet<String> missing = new TreeSet<>(ids);
    for (Watched node : fleet.all()) {
      missing.remove(node.enrolled().id().value());
      if (includes(node.enrolled(), kind)) {
        nodes.add(node);
      }
    }
    if (!missing.isEmpty()) {
      throw new MalformedException("not enrolled: " + missing.first());
    }
    nodes.sort(Comparator.comparing(node -> node.enrolled().id().value()));
    return nodes;
  }

  JsonObject toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    if (!ids.isEmpty()) {
      json.put("nodes", List.copyOf(ids));
    }
    usersOf.ifPresent(name -> json.put("users_of", name));
    group.ifPresent(name -> json.put("group", name));
    return new JsonObject(json);
  }

  /** In words, for the audit log. */
  @Override
  public String toString() {
    List<String> words = new ArrayList<>();
    usersOf.ifPresent(name -> words.add("users of " + name));
    group.ifPresent(name -> words.add("group " + name));
    if (!ids.isEmpty()) {
      words.add(ids.size() <= 5 ? "nodes " + String.join(", ", ids) : ids.size() + " nodes");
    }
    return words.isEmpty() ? "all nodes" : String.join(", ", words);
  }
}
