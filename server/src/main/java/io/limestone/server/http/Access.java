package io.limestone.server.http;

/** Who may call a route (verifier-api.md section 1.2). */
public enum Access {
  PUBLIC,
  ADMIN,
  /** An administrator, or the node whose id is the route's parameter {@code id}. */
  NODE_OR_ADMIN
}
