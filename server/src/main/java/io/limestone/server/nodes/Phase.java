package io.limestone.server.nodes;

import io.limestone.keylime.OperationalState;
import java.time.Instant;

/** What is going on with a node. */
public sealed interface Phase {
  /** The next request to it. */
  enum Task {
    /** Ask for a quote and appraise it. */
    ATTEST,
    /** Hand over V: only ever after a trusted verdict. */
    RELEASE_V,
    /**
     * Ask a node that could not be reached, now and then: state FAILED on the wire until it
     * answers.
     */
    FIND
  }

  /** The next request is due; {@code tries} failed ones came before it. */
  record Waiting(Task task, int tries, Instant due) implements Phase {}

  /** A request is under way. */
  record Asking(Task task, int tries) implements Phase {}

  /**
   * Not asked any more, until an administrator resumes it: FAILED, INVALID_QUOTE, TENANT_FAILED.
   */
  record Halted(OperationalState state) implements Phase {}

  /** To be removed as soon as the request under way has ended. */
  record Terminating() implements Phase {}
}
