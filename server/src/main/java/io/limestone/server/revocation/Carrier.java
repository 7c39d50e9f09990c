package io.limestone.server.revocation;

/** Carries notices over one channel. Blocking, within a bounded time. */
public interface Carrier {
  /** What came of one attempt. */
  sealed interface Outcome {
    /** It arrived, or nobody is there any more who could want it. */
    record Done(String how) implements Outcome {}

    /** The recipient did not take it. */
    record Refused(String why) implements Outcome {}

    /** The recipient could not be reached. */
    record Unreachable(String why) implements Outcome {}
  }

  Outcome carry(Delivery delivery) throws InterruptedException;
}
