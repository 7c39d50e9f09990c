package io.limestone.server.registrar;

/** A registration or activation that is not accepted, with the status of the answer. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  Refusal(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
