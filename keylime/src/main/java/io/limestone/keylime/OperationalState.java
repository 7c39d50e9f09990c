package io.limestone.keylime;

import java.util.Optional;

/**
 * The states of a node at a verifier, by Keylime's numbers and words (verifier-api.md section 3.1).
 */
public enum OperationalState {
  REGISTERED(0, "Registered"),
  START(1, "Start"),
  SAVED(2, "Saved"),
  GET_QUOTE(3, "Get Quote"),
  GET_QUOTE_RETRY(4, "Get Quote (retry)"),
  PROVIDE_V(5, "Provide V"),
  PROVIDE_V_RETRY(6, "Provide V (retry)"),
  FAILED(7, "Failed"),
  TERMINATED(8, "Terminated"),
  INVALID_QUOTE(9, "Invalid Quote"),
  TENANT_FAILED(10, "Tenant Quote Failed");

  private final int number;
  private final String words;

  OperationalState(int number, String words) {
    this.number = number;
    this.words = words;
  }

  public int number() {
    return number;
  }

  public String words() {
    return words;
  }

  public static Optional<OperationalState> ofNumber(long number) {
    return number >= 0 && number < values().length
        ? Optional.of(values()[(int) number])
        : Optional.empty();
  }

  /** What {@code attestation_status} says of a node polled by pull. */
  public AttestationStatus status() {
    return switch (this) {
      case GET_QUOTE, GET_QUOTE_RETRY, PROVIDE_V, PROVIDE_V_RETRY -> AttestationStatus.PASS;
      case FAILED, INVALID_QUOTE, TENANT_FAILED -> AttestationStatus.FAIL;
      case REGISTERED, START, SAVED, TERMINATED -> AttestationStatus.PENDING;
    };
  }
}
