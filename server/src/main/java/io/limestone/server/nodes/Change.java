package io.limestone.server.nodes;

import java.time.Instant;
import java.util.Locale;

/** One line of a node's timeline: what changed, in words for people. */
public record Change(Instant at, Kind kind, String text) {
  /** What may change. */
  public enum Kind {
    ENROLLED,
    TRUSTED,
    UNTRUSTED,
    UNREACHABLE,
    FAILED,
    V_RELEASED,
    KEY_CHANGED,
    REBOOTED,
    RENEGOTIATED,
    POLICY_CHANGED,
    /** A policy that is only tried would refuse the node. */
    WOULD_FAIL,
    /** It has not got an update that was announced; and then it has. */
    OUTDATED,
    UP_TO_DATE,
    STOPPED,
    RESUMED;

    /** As it is stored and shown: {@code v_released}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    public static Kind ofWord(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT));
    }
  }
}
