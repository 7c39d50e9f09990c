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
  private volatile NodeState state;
  private volatile boolean dirty;
  private volatile boolean gone;
  private volatile Optional<References.Edition> reference = Optional.empty();
  private Optional<Future<?>> timer = Optional.empty();

  Watched(Enrolled enrolled, LifeCycle lifeCycle, NodeState state) {
    this.enrolled = enrolled;
    this.lifeCycle = lifeCycle;
    this.state = state;
  }

  Enrolled enrolled() {
    return enrolled;
  }

  LifeCycle lifeCycle() {
    return lifeCycle;
  }

  /** The state as of now; a value, so it needs no lock. */
  NodeState state() {
    return state;
  }

  Optional<References.Edition> reference() {
    return reference;
  }

  void reference(References.Edition edition) {
    reference = Optional.of(edition);
  }

  boolean gone() {
    return gone;
  }

  /** Under the lock. */
  void move(NodeState next, boolean written) {
    dirty = !written && (dirty || !next.equals(state));
    state = next;
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
    boolean was = dirty;
    dirty = false;
    return was && !gone;
  }

  void dirtyAgain() {
    dirty = true;
  }
}
