package io.limestone.server.verifier;

import io.limestone.appraisal.Failure;
import io.limestone.appraisal.Verdict;
import io.limestone.keylime.NodeId;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.wire.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Nodes by what they fail on: five thousand with the same missing file are one line. Bounded,
 * however many there are. Not thread-safe.
 */
final class TryFindings {
  private static final int MOST_CAUSES = 1000;
  private static final int NODES_NAMED = 100;

  private final Map<String, Cause> causes = new LinkedHashMap<>();
  private final List<String> failing = new ArrayList<>();
  private final List<String> without = new ArrayList<>();
  private Optional<Instant> oldest = Optional.empty();
  private int passes;
  private int fails;
  private int unknown;
  private int unsaid;

  private static final class Cause {
    private final Failure failure;
    private final List<String> nodes = new ArrayList<>();
    private int count;

    Cause(Failure failure) {
      this.failure = failure;
    }
  }

  /** No evidence of the node is kept. */
  void nothingOf(NodeId node) {
    unknown++;
    name(without, node);
  }

  /** The node's evidence of this time was judged. */
  void add(NodeId node, Instant at, Verdict verdict) {
    oldest = oldest.filter(o -> o.isBefore(at)).or(() -> Optional.of(at));
    switch (verdict) {
      case Verdict.Trusted t -> passes++;
      case Verdict.AskAgain a -> nothingOf(node);
      case Verdict.Untrusted untrusted -> {
        fails++;
        name(failing, node);
        Map<String, Failure> each = new HashMap<>();
        untrusted.failures().forEach(f -> each.putIfAbsent(key(f), f));
        each.forEach((key, failure) -> cause(key, failure, node));
      }
    }
  }

  private void cause(String key, Failure failure, NodeId node) {
    if (!causes.containsKey(key) && causes.size() == MOST_CAUSES) {
      unsaid++;
      return;
    }
    Cause cause = causes.computeIfAbsent(key, k -> new Cause(failure));
    cause.count++;
    name(cause.nodes, node);
  }

  private static void name(List<String> list, NodeId node) {
    if (list.size() < NODES_NAMED) {
      list.add(node.value());
    }
  }

  /** The same cause on two nodes: their entry numbers differ. */
  private static String key(Failure failure) {
    JsonObject context = failure.context();
    return failure.eventId()
        + "\n"
        + (context.has("path")
            ? context.members().get("path") + "\n" + context.members().get("digest")
            : failure.check() + "\n" + failure.found());
  }

  Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("would_pass", passes);
    json.put("would_fail", fails);
    json.put("no_evidence", unknown);
    json.put("failing", failing);
    json.put("without_evidence", without);
    json.put("oldest_evidence_ms", oldest.map(Instant::toEpochMilli).orElse(null));
    json.put(
        "causes",
        causes.entrySet().stream()
            .sorted(Comparator.comparing(e -> -e.getValue().count))
            .map(
                e -> {
                  Map<String, Object> cause = new LinkedHashMap<>();
                  cause.put("cause", e.getKey());
                  cause.put("count", e.getValue().count);
                  cause.put("nodes", e.getValue().nodes);
                  cause.put("failure", NodeStateJson.toJson(e.getValue().failure));
                  return cause;
                })
            .toList());
    json.put("causes_not_told", unsaid);
    return json;
  }
}
