package io.limestone.server.verifier;

import io.limestone.policy.create.Measured;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Things learnt, each once, up to a bound of number and of bytes; with the first few nodes that
 * each was seen on, so that what only one node runs can be told. Not thread-safe.
 */
final class LearntSet {
  /** Of how many nodes is told that they ran something. */
  static final int NODES_TOLD = 3;

  private static final long OVERHEAD = 200; // bytes of a row or an object beside its texts

  private final long mostThings;
  private final long mostBytes;
  private final Map<Measured, Seen> things = new HashMap<>();
  private long bytes;

  /**
   * When, and where.
   *
   * @param nodes at most {@link #NODES_TOLD}: where there are so many, there may be more
   */
  record Seen(Instant first, List<String> nodes) {
    Seen {
      nodes = List.copyOf(nodes);
    }
  }

  /** What became of a thing that was shown to the set. */
  enum Outcome {
    /** It is learnt now. */
    NEW,
    /** It was known, but not of this node. */
    OF_FURTHER_NODE,
    KNOWN,
    /** There is no room for it. */
    LEFT_OUT
  }

  LearntSet(long mostThings, long mostBytes) {
    this.mostThings = mostThings;
    this.mostBytes = mostBytes;
  }

  /** Takes up what was learnt before. */
  void put(Measured thing, Seen seen) {
    if (things.put(thing, seen) == null) {
      bytes += size(thing);
    }
  }

  Outcome add(Measured thing, String node, Instant at) {
    Seen seen = things.get(thing);
    if (seen == null) {
      if (things.size() >= mostThings || bytes + size(thing) > mostBytes) {
        return Outcome.LEFT_OUT;
      }
      put(thing, new Seen(at, List.of(node)));
      return Outcome.NEW;
    }
    if (seen.nodes().size() >= NODES_TOLD || seen.nodes().contains(node)) {
      return Outcome.KNOWN;
    }
    List<String> nodes = new ArrayList<>(seen.nodes());
    nodes.add(node);
    things.put(thing, new Seen(seen.first(), nodes));
    return Outcome.OF_FURTHER_NODE;
  }

  Seen of(Measured thing) {
    Seen seen = things.get(thing);
    if (seen == null) {
      throw new IllegalArgumentException("not learnt");
    }
    return seen;
  }

  private static long size(Measured thing) {
    return OVERHEAD
        + thing.name().getBytes(StandardCharsets.UTF_8).length
        + thing.digest().length();
  }
}
