package io.limestone.server.http;

/** Who sent a request, as far as it was proven. */
public sealed interface Caller {
  /** Nothing was proven. */
  record Anonymous() implements Caller {}

  /** A client certificate of the trusted CA; {@code name} is its subject's common name. */
  record Admin(String name) implements Caller {}

  /** A node that proved itself and holds a token. */
  record Node(String id) implements Caller {}

  /** The name an audit entry carries. */
  default String label() {
    return switch (this) {
      case Anonymous a -> "anonymous";
      case Admin(String name) -> "admin " + name;
      case Node(String id) -> "node " + id;
    };
  }
}
