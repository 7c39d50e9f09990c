package io.limestone.tss;

/** A policy session in the TPM, of which there are few: {@link #close} flushes it. */
public final class PolicySession implements AutoCloseable {
  private final Tpm tpm;
  private final int esysHandle;

  PolicySession(Tpm tpm, int esysHandle) {
    this.tpm = tpm;
    this.esysHandle = esysHandle;
  }

  int esysHandle() {
    return esysHandle;
  }

  @Override
  public void close() throws TpmException {
    tpm.release(esysHandle, false);
  }
}
