package io.limestone.server.verifier;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that answers may take at once, from their first bytes until they have been judged:
 * half of the heap for long ones, an eighth for those of medium {@link Size}. Safe for any thread.
 */
final class AnswerMemory {
  private final AtomicLong medium;
  private final AtomicLong lengthy;

  AnswerMemory(long heap) {
    medium = new AtomicLong(heap / 8);
    lengthy = new AtomicLong(heap / 2);
  }

  /** Takes some bytes of a size's share; false if that has them not. */
  boolean take(Size size, long bytes) {
    return switch (size) {
      case SMALL -> true;
      case MEDIUM -> take(medium, bytes);
      case LONG -> take(lengthy, bytes);
    };
  }

  void giveBack(Size size, long bytes) {
    switch (size) {
      case SMALL -> {}
      case MEDIUM -> medium.addAndGet(bytes);
      case LONG -> lengthy.addAndGet(bytes);
    }
  }

  private static boolean take(AtomicLong share, long bytes) {
    if (share.addAndGet(-bytes) >= 0) {
      return true;
    }
    share.addAndGet(bytes);
    return false;
  }

  /** Bytes that are free of a size's share. */
  long free(Size size) {
    return switch (size) {
      case SMALL -> Long.MAX_VALUE;
      case MEDIUM -> medium.get();
      case LONG -> lengthy.get();
    };
  }
}
