package io.limestone.evidence.boot;

/**
 * What an event's digest proves of the event's data. The TPM holds digests only: whoever sends a
 * log chooses the data beside them freely. In no case does a digest prove the event's type, and
 * only for {@link #DATA} the label that the data carries.
 */
public enum Binding {
  /** The digest is the hash of the whole data: it is what was measured. */
  DATA,

  /**
   * The digest is the hash of the part that counts: a boot variable's content without its name, a
   * command line without the prefix that says it is one. The part is proven; its label is not.
   */
  PART,

  /**
   * The digest is of something else, such as a program or a file: it alone counts. Data proves
   * nothing.
   */
  OBJECT,

  /** The digest should be the hash of the data, and is not: one of the two was altered. */
  BROKEN,

  /** No digest of this bank: not extended, or extended into other banks only. */
  NONE;

  /** Whether what the payload says may be used for a decision. */
  public boolean provesPayload() {
    return this == DATA || this == PART;
  }
}
