package io.limestone.server.verifier;

import io.limestone.wire.LongBytes;

/** What came of one request to an agent. */
sealed interface Exchange {
  /**
   * A complete answer, whatever its status. Its body belongs to whoever receives this, and takes
   * its share of the memory for long answers until this is released.
   */
  final class Reply implements Exchange {
    private final int status;
    private final LongBytes body;
    private final Runnable release;

    Reply(int status, LongBytes body, Runnable release) {
      this.status = status;
      this.body = body;
      this.release = release;
    }

    int status() {
      return status;
    }

    LongBytes body() {
      return body;
    }

    /** The body is no longer needed. */
    void release() {
      release.run();
    }
  }

  /** No connection, another certificate, no complete answer in time. */
  record Silence(String why) implements Exchange {}

  /** More than an answer may have. */
  record TooLong(String why) implements Exchange {}
}
