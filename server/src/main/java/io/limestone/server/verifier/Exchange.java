package io.limestone.server.verifier;

/** What came of one request to an agent. */
sealed interface Exchange {
  /** A complete answer, whatever its status; {@code body} belongs to whoever receives this. */
  final class Reply implements Exchange {
    private final int status;
    private final byte[] body;

    Reply(int status, byte[] body) {
      this.status = status;
      this.body = body;
    }

    int status() {
      return status;
    }

    byte[] body() {
      return body;
    }
  }

  /** No connection, another certificate, no complete answer in time. */
  record Silence(String why) implements Exchange {}

  /** More than an answer may have. */
  record TooLong(String why) implements Exchange {}
}
