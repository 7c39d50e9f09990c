package io.limestone.keylime;

import io.limestone.wire.MalformedException;

/**
 * The id of a node ("agent id", "uuid" on the wire), parsed once at the edge: 1 to 80 of {@code A-Z
 * a-z 0-9 . _ -}, not beginning with a dot. So it is safe in a path, a log line, a file name and an
 * XPath of any kind. Compared byte for byte, case-sensitively, as all peers do.
 */
public record NodeId(String value) implements Comparable<NodeId> {
  private static final int MAX = 80;

  public NodeId {
    if (value.isEmpty() || value.length() > MAX) {
      throw new MalformedException("agent id is not 1 to " + MAX + " characters long");
    }
    for (int i = 0; i < value.length(); i++) {
      if (!allowed(value.charAt(i))) {
        throw new MalformedException(
            "agent id has another character than A-Z a-z 0-9 . _ - at position " + i);
      }
    }
    if (value.charAt(0) == '.') {
      throw new MalformedException("agent id begins with a dot");
    }
  }

  /**
   * The id that {@code text} is.
   *
   * @throws MalformedException if it is none
   */
  public static NodeId parse(String text) {
    return new NodeId(text);
  }

  private static boolean allowed(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }

  @Override
  public int compareTo(NodeId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
