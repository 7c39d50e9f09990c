package io.limestone.server.nodes;

import io.limestone.appraisal.Verdict;
import io.limestone.keylime.ApiVersion;
import java.util.List;
import java.util.Optional;

/** What may happen to a node. Answers carry the cycle of the request that they belong to. */
public sealed interface Occurrence {
  /** An answer to the request of this {@code cycle}, or the lack of one. */
  sealed interface Answer extends Occurrence {
    long cycle();
  }

  /** The request that was due is sent now. */
  record Begun() implements Occurrence {}

  /**
   * Evidence came and was judged.
   *
   * @param ask what had been asked for
   * @param by what it was judged by
   */
  record Judged(long cycle, Ask ask, Verdict verdict, Tally.Algorithms declared, By by)
      implements Answer {}

  /**
   * What evidence was judged by.
   *
   * @param basis names everything that decides or is tried
   * @param policies that decide
   * @param trial what policies that are only tried have found so far
   */
  record By(String basis, List<PolicyUse> policies, Optional<Trial> trial) {}

  /** The node took V, wrapped for the transport key with this SHA-256 (hex). */
  record VDelivered(long cycle, String keyHash) implements Answer {}

  /** No connection, no answer in time, or 408 or 500. */
  record NoAnswer(long cycle, String why) implements Answer {}

  /** Another status: it will not do better when asked again. */
  record Refused(long cycle, int status, String why) implements Answer {}

  /** An answer that follows no grammar, or no end. */
  record Unusable(long cycle, String why) implements Answer {}

  /** It does not speak this version, but that one. */
  record Negotiated(long cycle, ApiVersion version) implements Answer {}

  /** It does not speak this version, nor one that we do. */
  record NotNegotiable(long cycle, String why) implements Answer {}

  /** Our own fault: something was thrown that nobody foresaw. */
  record Defect(long cycle, String why) implements Answer {}

  record Stop() implements Occurrence {}

  record Resume() implements Occurrence {}

  record Delete() implements Occurrence {}

  /** A policy it is appraised with has other content now; {@code what} changed, for people. */
  record PolicyChanged(String what) implements Occurrence {}

  /** The server was started; {@code due} spreads the nodes over time. */
  record ServerStarted(java.time.Instant due) implements Occurrence {}
}
