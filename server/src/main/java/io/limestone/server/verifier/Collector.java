package io.limestone.server.verifier;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Gathers an answer's body within bounds. Answers up to {@link #SMALL} bytes are always taken; what
 * is longer shares one budget, so that many huge answers at once cannot exhaust the memory and
 * small ones never suffer from them. Used by one event loop at a time.
 */
final class Collector {
  static final int SMALL = 256 * 1024;

  private final int cap;
  private final AtomicLong budget;
  private byte[] bytes = new byte[4096];
  private int size;
  private long charged;

  Collector(int cap, AtomicLong budget) {
    this.cap = cap;
    this.budget = budget;
  }

  /** Takes a piece; says why not if it is one too many. */
  Optional<Exchange> add(byte[] piece) {
    if ((long) size + piece.length > cap) {
      return Optional.of(new Exchange.TooLong("an answer of more than " + cap + " bytes"));
    }
    int needed = size + piece.length;
    if (needed > bytes.length) {
      int grown = (int) Math.min(cap, Math.max((long) bytes.length * 2, needed));
      if (grown > SMALL && !charge(grown)) {
        return Optional.of(
            new Exchange.Silence("this server is busy with other nodes' very long answers"));
      }
      bytes = Arrays.copyOf(bytes, grown);
    }
    System.arraycopy(piece, 0, bytes, size, piece.length);
    size = needed;
    return Optional.empty();
  }

  byte[] bytes() {
    return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
  }

  /** Gives back what was taken of the budget; once the body is no longer needed. */
  void release() {
    budget.addAndGet(charged);
    charged = 0;
  }

  private boolean charge(long total) {
    long more = total - charged;
    if (budget.addAndGet(-more) < 0) {
      budget.addAndGet(more);
      return false;
    }
    charged = total;
    return true;
  }
}
