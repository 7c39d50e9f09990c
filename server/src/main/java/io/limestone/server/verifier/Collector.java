package io.limestone.server.verifier;

import io.limestone.wire.LongBytes;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Gathers an answer's body within bounds. Answers up to {@link #SMALL} bytes are always taken; what
 * is longer shares one budget until it has been judged, so that many huge answers at once cannot
 * exhaust the memory and small ones never suffer from them. An event loop adds, whoever waits for
 * the answer releases.
 */
final class Collector {
  static final int SMALL = LongBytes.Builder.PIECE;

  private final int cap;
  private final AtomicLong budget;
  private final LongBytes.Builder bytes = new LongBytes.Builder();
  private long charged;
  private boolean released;

  Collector(int cap, AtomicLong budget) {
    this.cap = cap;
    this.budget = budget;
  }

  /** Takes a piece; says why not if it is one too many. */
  synchronized Optional<Exchange> add(byte[] piece) {
    if (released) {
      return Optional.of(new Exchange.Silence("nobody waits for the answer any more"));
    }
    long needed = (long) bytes.size() + piece.length;
    if (needed > cap) {
      return Optional.of(new Exchange.TooLong("an answer of more than " + cap + " bytes"));
    }
    if (needed > SMALL && needed > charged && !charge(needed)) {
      return Optional.of(
          new Exchange.Silence(
              "this server has no memory for another very long answer: it is busy with those of"
                  + " other nodes, or needs more (java -Xmx)"));
    }
    bytes.add(piece);
    return Optional.empty();
  }

  /** The body, whoever receives it releases what it takes of the budget. */
  synchronized LongBytes bytes() {
    return bytes.build();
  }

  /** Gives back what was taken of the budget; once the body is no longer needed. */
  synchronized void release() {
    released = true;
    budget.addAndGet(charged);
    charged = 0;
  }

  /** In whole pieces, as they are in memory. */
  private boolean charge(long needed) {
    long more = (needed / SMALL + 1) * SMALL - charged;
    if (budget.addAndGet(-more) < 0) {
      budget.addAndGet(more);
      return false;
    }
    charged += more;
    return true;
  }
}
