package io.limestone.policy;

/**
 * How bad a failure is.
 *
 * @param level index in the policy's labels, 0 is the mildest; Keylime's {@code severity_level}
 */
public record Severity(int level, String label) implements Comparable<Severity> {
  @Override
  public int compareTo(Severity other) {
    return Integer.compare(level, other.level);
  }
}
