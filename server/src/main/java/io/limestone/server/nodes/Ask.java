package io.limestone.server.nodes;

/** How much the next attestation asks for. */
public enum Ask {
  /** The next slice of the IMA list; the transport key is known. */
  NEXT,
  /** The transport key too: first request, after an outage, after a restart of the server. */
  WITH_KEY,
  /** Everything from the start: the node was rebooted, or the policy was changed. */
  ALL
}
