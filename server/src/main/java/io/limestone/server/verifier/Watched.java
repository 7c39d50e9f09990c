package io.limestone.server.verifier;

import io.limestone.server.nodes.LifeCycle;
import io.limestone.server.nodes.NodeState;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A watched node in memory. Its state moves under its own lock, which is never held while the node
 * is asked, only while a change is written; so no node waits for another.
 */
final class Watched {
  private final Enrolled enrolled;
  private final LifeCycle lifeCycle;
  final ReentrantLock lock = new ReentrantLock();
  private volatile Snapshot snapshot;
  private volatile boolean dirty;
  private volatile boolean gone;
  private volatile Optional<References.Edition> reference = Optional.empty();
  private Optional<Future<?>> timer = Optional.empty();

  /**
   * A state and its number.
   *
   * @param revision counts up with every change: in the database an older state never replaces a
   *     newer one, in whatever order batches and single writes arrive
   */
  record Snapshot(NodeState state, long revision) {}

  Watched(Enrolled enrolled, LifeCycle lifeCycle, NodeState state, long revision) {
    this.enrolled = enrolled;
    this.lifeCycle = lifeCycle;
    this.snapshot = new Snapshot(state, revision);
  }

  Enrolled enrolled() {
    return enrolled;
  }

  LifeCycle lifeCycle() {
    return lifeCycle;
  }

  /** The state as of now; a value, so it needs no lock. */
  NodeState state() {
    return snapshot.state();
  }

  Snapshot snapshot() {
    return snapshot;
  }

  Optional<References.Edition> reference() {
    return reference;
  }

  void reference(References.Edition edition) {
    reference = Optional.of(edition);
  }

  void forgetReference() {
    reference = Optional.empty();
  }

  boolean gone() {
    return gone;
  }

  /** Under the lock. */
  void move(NodeState next, boolean written) {
    dirty = !written && (dirty || !next.equals(snapshot.state()));
    snapshot = new Snapshot(next, snapshot.revision() + 1);
  }

  /** Under the lock. */
  void leave() {
    gone = true;
    dirty = false;
    timer(Optional.empty());
  }

  /** Under the lock: replaces the timer, cancelling the one before. */
  void timer(Optional<Future<?>> next) {
    timer.ifPresent(t -> t.cancel(false));
    timer = next;
  }

  /** Whether there is something to write; says so once. */
  boolean takeDirty() {
    if (!dirty) {
      return false; // not to lose what becomes dirty now
    }
    dirty = false;
    return !gone;
  }

  void dirtyAgain() {
    dirty = true;
  }
}
