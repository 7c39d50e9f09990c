package io.limestone.wire;

/**
 * Input that does not follow its grammar: a TPM structure, a log, a policy, a message. The message
 * says what is wrong and where, and never repeats secret input. A server answers it with a 4xx,
 * appraisal with an untrusted verdict, the command line with exit code 2.
 */
public class MalformedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String complaint;

  public MalformedException(String message) {
    super(message);
    this.complaint = message;
  }

  public MalformedException(String message, Throwable cause) {
    super(message, cause);
    this.complaint = message;
  }

  /** Never null, unlike that of other exceptions. */
  @Override
  public String getMessage() {
    return complaint;
  }

  /**
   * The same complaint, with {@code context} in front: {@code runtime_policy: digests./bin/sh[0]:
   * …}.
   */
  public MalformedException in(String context) {
    return new MalformedException(context + ": " + getMessage(), this);
  }
}
