package io.limestone.policy;

/**
 * Something wrong with a policy that is valid: what weakens it, what does nothing, and what will
 * raise false alarms.
 *
 * @param place in the document
 */
public record Complaint(Level level, String place, String problem, String remedy) {
  /** How bad it is. */
  public enum Level {
    /** Nothing is checked, or every node fails. */
    ERROR,
    WARNING,
    NOTE
  }
}
