package io.limestone.server.verifier;

import io.limestone.appraisal.Failure;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.NodeId;
import io.limestone.server.nodes.Change;
import io.limestone.server.nodes.Incident;
import io.limestone.server.nodes.LifeCycle;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.nodes.Occurrence;
import io.limestone.server.nodes.Phase;
import io.limestone.server.nodes.Step;
import io.limestone.server.store.Database;
import io.limestone.wire.Secret;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All nodes that this server watches. Moves their life cycle: what changes a verdict is durable
 * before it counts; counters and appraisal state follow in batches.
 */
final class Fleet implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);
  private static final int BATCH = 500;

  /** Something that is written in the same transaction as a step. */
  @FunctionalInterface
  interface Alongside {
    void write(Handle handle);

    Alongside NOTHING = handle -> {};
  }

  private final Database database;
  private final NodeStore store;
  private final Policies policies;
  private final Alarms alarms;
  private final InstantSource clock;
  private final Function<Boolean, LifeCycle> lifeCycles;
  private final Timetable timetable;
  private final Consumer<Peer> farewell;
  private final Map<NodeId, Watched> nodes = new ConcurrentSkipListMap<>();

  /**
   * A fleet that is empty until {@link #load}.
   *
   * @param lifeCycles the life cycle of a node that has a V, or has none
   * @param farewell told of each peer that is not asked any more
   */
  Fleet(
      Database database,
      NodeStore store,
      Policies policies,
      Alarms alarms,
      InstantSource clock,
      Function<Boolean, LifeCycle> lifeCycles,
      Timetable timetable,
      Consumer<Peer> farewell) {
    this.database = database;
    this.store = store;
    this.policies = policies;
    this.alarms = alarms;
    this.clock = clock;
    this.lifeCycles = lifeCycles;
    this.timetable = timetable;
    this.farewell = farewell;
  }

  /**
   * Takes up the nodes of the database, spread over a while so that they do not all come at once.
   */
  void load(Duration spread) {
    Instant now = clock.instant();
    List<NodeStore.Row> rows = database.read(h -> store.all(h, now));
    long each = rows.isEmpty() ? 0 : spread.toNanos() / rows.size();
    for (int i = 0; i < rows.size(); i++) {
      NodeStore.Row row = rows.get(i);
      Watched node = watched(row.enrolled(), row.state(), row.revision());
      nodes.put(row.enrolled().id(), node);
      apply(node, new Occurrence.ServerStarted(now.plusNanos(each * i)), Alongside.NOTHING);
    }
  }

  Optional<Watched> find(NodeId id) {
    return Optional.ofNullable(nodes.get(id));
  }

  Collection<Watched> all() {
    return nodes.values();
  }

  /** Within the transaction that writes the policies; {@link #begin} makes it known after it. */
  Watched insert(
      Handle handle, Enrolled enrolled, Optional<Secret> v, Optional<Secret> revocationKey) {
    NodeState state =
        NodeState.enrolled(
            enrolled
                .enrolment()
                .supportedVersion()
                .filter(version -> version.major() == 2)
                .orElse(ApiVersion.CURRENT),
            enrolled.at());
    store.insert(handle, enrolled, v, revocationKey, state);
    store.add(
        handle,
        enrolled.id(),
        new Change(enrolled.at(), Change.Kind.ENROLLED, "enrolled"),
        List.of());
    return watched(enrolled, state, 0);
  }

  void begin(Watched node) {
    nodes.put(node.enrolled().id(), node);
    node.lock.lock();
    try {
      schedule(node);
    } finally {
      node.lock.unlock();
    }
  }

  /** Moves a node; returns once what has to be durable is. */
  Step apply(Watched node, Occurrence occurrence, Alongside alongside) {
    node.lock.lock();
    try {
      if (node.gone()) {
        return new Step(node.state(), List.of(), Optional.empty(), true);
      }
      Step step = node.lifeCycle().on(node.state(), occurrence, clock.instant());
      boolean write = step.durable() || alongside != Alongside.NOTHING;
      if (write) {
        database.write(
            h -> {
              write(h, node, step);
              alongside.write(h);
              return step;
            });
      }
      moved(node, step, write);
      return step;
    } finally {
      node.lock.unlock();
    }
  }

  /** What is durable of the step, if anything has to be, is so by now. */
  private void moved(Watched node, Step step, boolean written) {
    node.move(step.next(), written);
    if (step.removed()) {
      node.leave();
      nodes.remove(node.enrolled().id(), node);
      farewell.accept(node.enrolled().peer());
    } else {
      schedule(node);
    }
    step.alarm().ifPresent(a -> alarms.wake());
  }

  /**
   * A policy has other content, or is tried: whoever it is attached to is judged anew, from the
   * start.
   *
   * @param what for people
   */
  void policyChanged(Policies.Kind kind, String name, String what) {
    List<Watched> users = users(kind, name);
    for (int from = 0; from < users.size(); from += BATCH) {
      together(
          users.subList(from, Math.min(users.size(), from + BATCH)),
          new Occurrence.PolicyChanged(what));
    }
  }

  /**
   * Moves nodes in one transaction: ten thousand would take minutes, and longer than a request may.
   * They are in the order of their ids, in which their locks are taken; nobody else takes two.
   */
  private void together(List<Watched> batch, Occurrence occurrence) {
    batch.forEach(node -> node.lock.lock());
    try {
      Instant now = clock.instant();
      Map<Watched, Step> steps = new LinkedHashMap<>();
      for (Watched node : batch) {
        if (!node.gone()) {
          steps.put(node, node.lifeCycle().on(node.state(), occurrence, now));
        }
      }
      database.write(
          h -> {
            steps.forEach((node, step) -> write(h, node, step));
            return steps;
          });
      steps.forEach((node, step) -> moved(node, step, true));
    } finally {
      batch.forEach(node -> node.lock.unlock());
    }
  }

  /** The nodes that a policy is attached to. */
  List<Watched> users(Policies.Kind kind, String name) {
    Optional<String> one = Optional.of(name);
    return nodes.values().stream().filter(n -> n.enrolled().policy(kind).equals(one)).toList();
  }

  /**
   * An answer's consequences were lost, such as by a database that does not write: nobody may go on
   * trusting what a lost verdict might have refused, and the node is asked again.
   */
  void lost(Watched node) {
    node.lock.lock();
    try {
      if (!node.gone() && node.state().phase() instanceof Phase.Asking) {
        Instant now = clock.instant();
        Duration pause = node.lifeCycle().rhythm().retryInterval().plusSeconds(1);
        node.move(node.state().lost(now, now.plus(pause)), false);
        schedule(node);
      }
    } finally {
      node.lock.unlock();
    }
  }

  /** Writes what changed since the last time; once a second or so, and at the end. */
  void flush() {
    List<Watched> dirty = new ArrayList<>();
    for (Watched node : nodes.values()) {
      if (node.takeDirty()) {
        dirty.add(node);
      }
    }
    for (int from = 0; from < dirty.size(); from += BATCH) {
      List<Watched> batch = dirty.subList(from, Math.min(dirty.size(), from + BATCH));
      List<NodeStore.Written> states =
          batch.stream()
              .map(node -> new NodeStore.Written(node.enrolled(), node.snapshot()))
              .toList();
      try {
        database.write(
            h -> {
              store.update(h, states);
              return true;
            });
      } catch (RuntimeException e) {
        // Any failure: the flusher must go on, or nothing is ever written again.
        batch.forEach(Watched::dirtyAgain);
        LOG.error("states of {} nodes could not be written; tried again soon", batch.size(), e);
      }
    }
  }

  private void write(Handle handle, Watched node, Step step) {
    NodeId id = node.enrolled().id();
    List<Failure> failures = step.next().incident().map(Incident::failures).orElse(List.of());
    for (Change change : step.changes()) {
      store.add(handle, id, change, blames(change.kind()) ? failures : List.of());
    }
    step.alarm().ifPresent(alarm -> alarms.write(handle, node.enrolled(), alarm));
    if (step.removed()) {
      store.delete(handle, id);
      for (Policies.Kind kind : Policies.Kind.values()) {
        if (users(kind, id.value()).stream().allMatch(user -> user == node)) {
          policies.delete(handle, kind, id.value());
        }
      }
    } else {
      store.update(
          handle,
          List.of(
              new NodeStore.Written(
                  node.enrolled(),
                  new Watched.Snapshot(step.next(), node.snapshot().revision() + 1))));
    }
  }

  private static boolean blames(Change.Kind kind) {
    return switch (kind) {
      case UNTRUSTED, UNREACHABLE, FAILED -> true;
      case ENROLLED,
          TRUSTED,
          V_RELEASED,
          KEY_CHANGED,
          REBOOTED,
          RENEGOTIATED,
          POLICY_CHANGED,
          WOULD_FAIL,
          OUTDATED,
          UP_TO_DATE,
          STOPPED,
          RESUMED ->
          false;
    };
  }

  private Watched watched(Enrolled enrolled, NodeState state, long revision) {
    return new Watched(enrolled, lifeCycles.apply(enrolled.hasV()), state, revision);
  }

  private void schedule(Watched node) {
    node.timer(
        node.state().phase() instanceof Phase.Waiting(Phase.Task task, int tries, Instant due)
            ? Optional.of(timetable.at(due, node))
            : Optional.empty());
    if (node.state().phase() instanceof Phase.Halted) {
      node.forgetReference(); // it may be the last to hold an old policy in memory
    }
  }

  @Override
  public void close() {
    timetable.close();
    flush();
  }
}
