package io.limestone.cli;

import io.limestone.cli.args.Output;
import io.limestone.cli.node.Standing;
import io.limestone.cli.rest.Verifier;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@code limestone doctor} tells of all nodes together: policies that are rolled out and
 * therefore not in force, learnings that run, and how much evidence is kept. Other verifiers than
 * Limestone's have none of these.
 *
 * @param evidence absent where the verifier does not tell
 */
record FleetReport(
    List<JsonObject> rollouts, List<JsonObject> learnings, Optional<JsonObject> evidence) {
  /** A roll-out without a step for so long was forgotten, perhaps. */
  private static final Duration LONG = Duration.ofDays(14);

  private static final int NAMED = 10;

  static FleetReport of(Verifier verifier) throws IOException, InterruptedException {
    Optional<JsonObject> rollouts = verifier.rollouts();
    return rollouts.isEmpty()
        ? new FleetReport(List.of(), List.of(), Optional.empty())
        : new FleetReport(
            objects(rollouts.get(), "rollouts"),
            objects(verifier.learnings(), "learnings").stream()
                .filter(one -> one.bool("recording"))
                .toList(),
            verifier.evidence());
  }

  private static List<JsonObject> objects(JsonObject json, String member) {
    return json.list(member).stream()
        .filter(JsonObject.class::isInstance)
        .map(JsonObject.class::cast)
        .toList();
  }

  /** Whether somebody should do something. */
  boolean complains(Instant now) {
    return rollouts.stream()
            .anyMatch(
                r -> r.integer("would_fail") > 0 || !r.list("refused").isEmpty() || isOld(r, now))
        || evidence.filter(e -> e.integer("skipped") > 0).isPresent();
  }

  private static Optional<Duration> age(JsonObject rollout, Instant now) {
    return rollout
        .optionalInteger("since_ms")
        .map(since -> Duration.between(Instant.ofEpochMilli(since), now));
  }

  private static boolean isOld(JsonObject rollout, Instant now) {
    return age(rollout, now).filter(age -> age.compareTo(LONG) > 0).isPresent();
  }

  Map<String, @Nullable Object> json(Instant now) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put(
        "rollouts",
        rollouts.stream()
            .map(
                rollout -> {
                  Map<String, @Nullable Object> one = new LinkedHashMap<>(rollout.members());
                  one.put("long", isOld(rollout, now));
                  return one;
                })
            .toList());
    json.put("learnings", learnings);
    json.put("evidence", evidence.orElse(null));
    return json;
  }

  void print(Output output, Instant now) {
    rollouts.forEach(rollout -> print(rollout, output, now));
    for (JsonObject learning : learnings) {
      line(
          output,
          "learning "
              + learning.string("name")
              + " runs until "
              + seconds(learning.integer("until_ms"))
              + ", and decides nothing");
    }
    evidence.ifPresent(kept -> printEvidence(kept, output));
  }

  private static void print(JsonObject rollout, Output output, Instant now) {
    String name = rollout.string("name");
    boolean boot = rollout.string("kind").equals("boot");
    int canaries = rollout.list("canaries").size();
    long wouldFail = rollout.integer("would_fail");
    long others = rollout.integer("nodes") - canaries;
    line(
        output,
        rollout.string("kind")
            + " policy "
            + name
            + ": version "
            + rollout.integer("candidate")
            + " is under audit"
            + age(rollout, now).map(age -> " for " + Standing.length(age)).orElse("")
            + (canaries > 0 ? ", decides for " + canaries + " nodes" : "")
            + ", and NOT enforced on "
            + others);
    if (isOld(rollout, now)) {
      line(output, "  long since   nobody has gone on with it");
    }
    if (wouldFail > 0) {
      line(
          output,
          "  not acted on "
              + wouldFail
              + " nodes would fail by it: "
              + named(objects(rollout, "failing").stream().map(n -> n.string("id")).toList()));
    }
    List<String> refused = rollout.strings("refused");
    if (!refused.isEmpty()) {
      line(output, "  refused      " + refused.size() + " nodes by it: " + named(refused));
    }
    if (rollout.integer("not_judged") > 0) {
      line(output, "  not judged   " + rollout.integer("not_judged") + " nodes so far");
    }
    String which = name + (boot ? " --kind boot" : "");
    line(
        output,
        "               policy history "
            + which
            + " tells why; policy enforce "
            + which
            + " or policy rollback "
            + which
            + " ends it");
  }

  /** The first few of them. */
  static String named(List<String> ids) {
    return String.join(", ", ids.subList(0, Math.min(NAMED, ids.size())))
        + (ids.size() > NAMED ? ", …" : "");
  }

  private static void printEvidence(JsonObject kept, Output output) {
    long most = kept.integer("most_bytes");
    if (most == 0) {
      line(output, "no evidence is kept (verifier.evidence_kept): policy try has nothing to judge");
      return;
    }
    line(
        output,
        "evidence of "
            + kept.integer("kept")
            + " of "
            + kept.integer("nodes")
            + " nodes is kept, in "
            + size(kept.integer("bytes"))
            + " of "
            + size(most));
    if (kept.integer("skipped") > 0) {
      line(
          output,
          "  not kept     that of "
              + kept.integer("skipped")
              + " nodes: too long, or no room; policy try cannot judge them");
      line(output, "               verifier.evidence_of_node, verifier.evidence_kept");
    }
  }

  private static String size(long bytes) {
    return bytes < 10 << 20 ? (bytes + 1023) / 1024 + " KiB" : bytes / (1 << 20) + " MiB";
  }

  private static String seconds(long at) {
    return Instant.ofEpochMilli(at).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static void line(Output output, String text) {
    output.line(Encoding.printable(text, 1000));
  }
}
