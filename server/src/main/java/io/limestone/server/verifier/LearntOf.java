package io.limestone.server.verifier;

import io.limestone.keylime.NodeId;
import io.limestone.wire.JsonObject;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much was learnt of a node.
 *
 * @param boots whose lists were seen
 * @param reset the TPM's count of resets at the last
 * @param entries of the list of the last boot that are proven
 * @param brought things that were seen on this node first
 * @param unusable entries that no policy can hold
 * @param at when something of it was last learnt; {@link Instant#EPOCH}: nothing yet
 * @param problem why its last evidence taught nothing; empty if it did
 */
record LearntOf(
    NodeId node,
    long boots,
    long reset,
    long entries,
    long brought,
    long unusable,
    Instant at,
    String problem) {

  static LearntOf nothing(NodeId node) {
    return new LearntOf(node, 0, -1, 0, 0, 0, Instant.EPOCH, "");
  }

  LearntOf problem(String why) {
    return new LearntOf(node, boots, reset, entries, brought, unusable, at, why);
  }

  /** After a list was learnt from; {@code next} is the number of its first entry not proven. */
  LearntOf and(long resetNow, long next, long broughtNow, long unusableNow, Instant now) {
    return new LearntOf(
        node,
        boots + (resetNow == reset ? 0 : 1),
        resetNow,
        next,
        brought + broughtNow,
        unusable + unusableNow,
        now,
        "");
  }

  JsonObject toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", node.value());
    json.put("boots", boots);
    json.put("reset", reset);
    json.put("entries", entries);
    json.put("brought", brought);
    json.put("unusable", unusable);
    json.put("at_ms", at.toEpochMilli());
    json.put("problem", problem);
    return new JsonObject(json);
  }

  static LearntOf fromJson(JsonObject json) {
    return new LearntOf(
        NodeId.parse(json.string("id")),
        json.integer("boots"),
        json.integer("reset"),
        json.integer("entries"),
        json.integer("brought"),
        json.integer("unusable"),
        Instant.ofEpochMilli(json.integer("at_ms")),
        json.string("problem"));
  }
}
