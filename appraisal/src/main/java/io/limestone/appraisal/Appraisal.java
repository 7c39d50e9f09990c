package io.limestone.appraisal;

/** Judges evidence. */
public final class Appraisal {
  private Appraisal() {}

  /** The verdict on {@code evidence}; never throws on hostile evidence. */
  public static Verdict appraise(
      Evidence evidence, ReferenceValues reference, AttestationState before) {
    throw new UnsupportedOperationException();
  }
}
