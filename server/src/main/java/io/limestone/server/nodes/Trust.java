package io.limestone.server.nodes;

/** What the last verdict said; how long it holds is for {@link Health}. */
public enum Trust {
  /** No verdict: not attested yet, not reachable, not asked. */
  UNKNOWN,
  TRUSTED,
  UNTRUSTED
}
