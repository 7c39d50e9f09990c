package io.limestone.server.verifier;

import io.limestone.wire.LongBytes;
import java.util.Optional;

/**
 * Gathers an answer's body within bounds: one of its own, and the memory that all share. An event
 * loop adds, whoever waits for the answer releases.
 */
final class Collector {
  private final int cap;
  private final AnswerMemory memory;
  private final LongBytes.Builder bytes = new LongBytes.Builder();
  private Size share = Size.SMALL;
  private long taken;
  private boolean released;

  Collector(int cap, AnswerMemory memory) {
    this.cap = cap;
    this.memory = memory;
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
    if (!take(needed)) {
      return Optional.of(
          new Exchange.Silence(
              "this server has no memory for another very long answer: it is busy with those of"
                  + " other nodes, or needs more (java -Xmx)"));
    }
    bytes.add(piece);
    return Optional.empty();
  }

  /** Takes memory in whole pieces, as they will be; from another share if it has grown into it. */
  private boolean take(long needed) {
    Size size = Size.of(needed);
    long pieces = (needed / LongBytes.Builder.PIECE + 1) * LongBytes.Builder.PIECE;
    if (size == share) {
      if (pieces > taken && !memory.take(share, pieces - taken)) {
        return false;
      }
      taken = Math.max(taken, pieces);
      return true;
    }
    if (!memory.take(size, pieces)) {
      return false;
    }
    memory.giveBack(share, taken);
    share = size;
    taken = pieces;
    return true;
  }

  /** The body; whoever receives it releases the memory. */
  synchronized LongBytes bytes() {
    return bytes.build();
  }

  /** The body is no longer needed, or will not be. */
  synchronized void release() {
    released = true;
    memory.giveBack(share, taken);
    taken = 0;
  }
}
