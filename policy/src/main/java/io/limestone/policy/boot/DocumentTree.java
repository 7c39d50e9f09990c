package io.limestone.policy.boot;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A document as a tree that can be changed; keeps the order of its members. */
final class DocumentTree {
  private final Map<String, Object> root;

  DocumentTree(JsonObject json) {
    this.root = map(json);
  }

  /** A copy, of the kinds that {@code wire.Json} reads. */
  JsonObject json() {
    return Json.object(Json.bytes(root));
  }

  /**
   * Carries out one operation.
   *
   * @throws MalformedException if the path leads nowhere
   */
  void apply(PolicyChange change) {
    List<String> path = List.of(change.path().substring(1).split("/", -1));
    String last = path.getLast();
    switch (parent(path)) {
      case List<?> list -> {
        @SuppressWarnings("unchecked") // made by copy() below
        List<Object> items = (List<Object>) list;
        Object value = copy(change.value());
        if (!items.contains(value)) {
          items.add(value);
        }
      }
      case Map<?, ?> map -> put(map, last, copy(change.value()));
      default -> throw new MalformedException("no such place: " + change.path());
    }
  }

  /** The object at a path such as {@code /programs/3}. */
  Map<String, Object> entry(String path) {
    Object at = root;
    for (String step : path.substring(1).split("/", -1)) {
      at = child(at, step);
    }
    return cast(at);
  }

  void set(String member, Object value) {
    root.put(member, copy(value));
  }

  private Object parent(List<String> path) {
    Object at = root;
    for (int i = 0; i < path.size() - 1; i++) {
      boolean list = path.get(i + 1).equals("-");
      if (at instanceof Map<?, ?> map && !map.containsKey(path.get(i))) {
        put(map, path.get(i), list ? new ArrayList<>() : new LinkedHashMap<String, Object>());
      }
      at = child(at, path.get(i));
    }
    return at;
  }

  private static Object child(Object at, String step) {
    return switch (at) {
      case Map<?, ?> map when map.get(step) != null -> Objects.requireNonNull(map.get(step));
      case List<?> list when step.matches("[0-9]{1,6}") && Integer.parseInt(step) < list.size() ->
          list.get(Integer.parseInt(step));
      default -> throw new MalformedException("no such place: " + step);
    };
  }

  private static void put(Map<?, ?> map, String name, Object value) {
    cast(map).put(name, value);
  }

  @SuppressWarnings("unchecked") // all maps here are made by map()
  private static Map<String, Object> cast(Object map) {
    return (Map<String, Object>) map;
  }

  private static Map<String, Object> map(JsonObject json) {
    return map(json.members());
  }

  private static Map<String, Object> map(Map<?, ?> members) {
    Map<String, Object> copy = new LinkedHashMap<>();
    members.forEach(
        (name, value) -> {
          if (value != null) {
            copy.put(String.valueOf(name), copy(value));
          }
        });
    return copy;
  }

  private static Object copy(Object value) {
    return switch (value) {
      case JsonObject json -> map(json);
      case Map<?, ?> map -> map(map);
      case List<?> list -> {
        List<Object> copy = new ArrayList<>();
        list.forEach(item -> copy.add(copy(item)));
        yield copy;
      }
      default -> value;
    };
  }
}
