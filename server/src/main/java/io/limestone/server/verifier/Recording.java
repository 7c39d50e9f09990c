package io.limestone.server.verifier;

import io.limestone.appraisal.ProvenList;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.NodeId;
import io.limestone.policy.create.Measured;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** A learning while it is recorded, in memory. Safe for any thread. */
final class Recording {
  /** Up to where one learning goes. */
  record Bounds(long things, long bytes) {}

  /**
   * How far a node's list was learnt.
   *
   * @param learnt what is stored of it
   * @param position in the list of its present boot; absent: the whole list is needed
   */
  private record Progress(LearntOf learnt, Optional<Position> position) {}

  private record Position(long next, long reset) {}

  private final Learning learning;
  private final ReentrantLock lock = new ReentrantLock();
  // Under the lock:
  private final LearntSet things;
  private final Map<NodeId, Progress> nodes = new HashMap<>();
  private final Set<Measured> fresh = new HashSet<>();
  private final Set<NodeId> changed = new HashSet<>();
  private long leftOut;

  Recording(Learning learning, Bounds bounds) {
    this.learning = learning;
    this.things = new LearntSet(bounds.things(), bounds.bytes());
    this.leftOut = learning.leftOut();
  }

  Learning learning() {
    return learning;
  }

  /** Takes up what was learnt before. */
  void put(Measured thing, LearntSet.Seen seen) {
    lock.lock();
    try {
      things.put(thing, seen);
    } finally {
      lock.unlock();
    }
  }

  /** Takes up what was learnt of a node; its whole list is needed again. */
  void put(LearntOf of) {
    lock.lock();
    try {
      nodes.put(of.node(), new Progress(of, Optional.empty()));
    } finally {
      lock.unlock();
    }
  }

  /** The entry up to which the list of its present boot was learnt. */
  long position(NodeId node) {
    lock.lock();
    try {
      return progress(node).position().map(Position::next).orElse(0L);
    } finally {
      lock.unlock();
    }
  }

  private Progress progress(NodeId node) {
    Progress known = nodes.get(node);
    return known == null ? new Progress(LearntOf.nothing(node), Optional.empty()) : known;
  }

  /** The node's last evidence taught nothing. */
  void problem(NodeId node, String why) {
    lock.lock();
    try {
      Progress known = progress(node);
      if (!known.learnt().problem().equals(why)) {
        nodes.put(node, new Progress(known.learnt().problem(why), known.position()));
        changed.add(node);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Learns what the proven part of a list shows. */
  void learn(NodeId node, ImaSlice slice, ProvenList list, long reset, Instant now) {
    lock.lock();
    try {
      Progress known = progress(node);
      Optional<Position> at = Optional.of(new Position(list.next(), reset));
      if (slice.firstEntry() > 0 && position(node) != slice.firstEntry()) {
        return; // something before was not seen: the whole list comes next time
      }
      if (known.position().equals(at) && known.learnt().problem().isEmpty()) {
        return; // the same list, proven as far as before
      }
      long[] brought = new long[1];
      long unusable = list.forEach(thing -> brought[0] += add(thing, node, now));
      nodes.put(
          node,
          new Progress(known.learnt().and(reset, list.next(), brought[0], unusable, now), at));
      changed.add(node);
    } finally {
      lock.unlock();
    }
  }

  private int add(Measured thing, NodeId node, Instant now) {
    return switch (things.add(thing, node.value(), now)) {
      case NEW -> {
        fresh.add(thing);
        yield 1;
      }
      case OF_FURTHER_NODE -> {
        fresh.add(thing);
        yield 0;
      }
      case KNOWN -> 0;
      case LEFT_OUT -> {
        leftOut++;
        yield 0;
      }
    };
  }

  /** What came since the last time. */
  Batch take() {
    lock.lock();
    try {
      Map<Measured, LearntSet.Seen> rows = new LinkedHashMap<>();
      fresh.forEach(thing -> rows.put(thing, things.of(thing)));
      List<LearntOf> of = new ArrayList<>();
      changed.forEach(node -> of.add(progress(node).learnt()));
      fresh.clear();
      changed.clear();
      return new Batch(rows, of, leftOut);
    } finally {
      lock.unlock();
    }
  }

  /** What could not be written comes with the next batch. */
  void again(Batch batch) {
    lock.lock();
    try {
      fresh.addAll(batch.things().keySet());
      batch.of().forEach(of -> changed.add(of.node()));
    } finally {
      lock.unlock();
    }
  }

  /** What is to be written. */
  record Batch(Map<Measured, LearntSet.Seen> things, List<LearntOf> of, long leftOut) {
    boolean isEmpty() {
      return things.isEmpty() && of.isEmpty();
    }
  }
}
