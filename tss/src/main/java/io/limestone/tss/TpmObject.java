package io.limestone.tss;

import io.limestone.wire.Bytes;

/**
 * A key that is loaded in the TPM or lies there persistently. {@link #close} flushes a loaded one
 * and lets a persistent one be.
 */
public final class TpmObject implements AutoCloseable {
  private final Tpm tpm;
  private final int esysHandle;
  private final boolean persistent;
  private final Bytes publicArea;
  private boolean closed;

  TpmObject(Tpm tpm, int esysHandle, boolean persistent, Bytes publicArea) {
    this.tpm = tpm;
    this.esysHandle = esysHandle;
    this.persistent = persistent;
    this.publicArea = publicArea;
  }

  /** TPM2B_PUBLIC. */
  public Bytes publicArea() {
    return publicArea;
  }

  /** The number by which the software stack knows the object; no TPM handle. */
  public int esysHandle() {
    return esysHandle;
  }

  @Override
  public void close() throws TpmException {
    if (!closed) {
      closed = true;
      tpm.release(esysHandle, persistent);
    }
  }
}
