package io.limestone.server.revocation;

import java.util.Locale;

/**
 * A way by which notices travel; its words are those of {@code enabled_revocation_notifications}.
 */
public enum Channel {
  /** To the agents of all other nodes. */
  AGENT,
  WEBHOOK;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
