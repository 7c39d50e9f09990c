package io.limestone.policy;

import io.limestone.wire.MalformedException;

/**
 * A policy that is not taken in, with the words and the HTTP status that Keylime's peers expect.
 */
public final class PolicyRefusedException extends MalformedException {
  private static final long serialVersionUID = 1L;
  private final int status;

  public PolicyRefusedException(int status, String message) {
    super(message);
    this.status = status;
  }

  public PolicyRefusedException(int status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** 400 for a policy that is wrong, 401 for one whose signature is missing or wrong. */
  public int status() {
    return status;
  }
}
