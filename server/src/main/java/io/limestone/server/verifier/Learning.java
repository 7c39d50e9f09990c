package io.limestone.server.verifier;

import java.time.Instant;
import java.util.Optional;

/**
 * What some nodes run is recorded over a time.
 *
 * @param by who began it, when, and why
 * @param until when it ends by itself
 * @param ended when it did
 * @param leftOut things that found no room; 0: what was learnt is all that was seen
 */
record Learning(
    String name,
    NodesAsked nodes,
    Policies.By by,
    Instant until,
    Optional<Instant> ended,
    long leftOut) {

  boolean runs(Instant now) {
    return ended.isEmpty() && now.isBefore(until);
  }
}
