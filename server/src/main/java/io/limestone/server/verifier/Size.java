package io.limestone.server.verifier;

import io.limestone.wire.LongBytes;

/**
 * How long an answer is. Each size has its own share of memory and threads, so that no number of
 * long answers, honest or not, keeps shorter ones waiting.
 */
enum Size {
  /** Some 1,500 entries: what comes at every interval. Taken at once, always. */
  SMALL(LongBytes.Builder.PIECE),
  /** Some 50,000 entries: the whole list of most machines. */
  MEDIUM(8 * 1024 * 1024),
  LONG(Integer.MAX_VALUE);

  private final int most;

  Size(int most) {
    this.most = most;
  }

  /** Bytes that one of this size has at most. */
  int most() {
    return most;
  }

  static Size of(long bytes) {
    return bytes <= SMALL.most ? SMALL : bytes <= MEDIUM.most ? MEDIUM : LONG;
  }
}
