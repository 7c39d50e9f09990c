package io.limestone.keylime;

/** Keylime's word for the outcome so far. TIMEOUT occurs with push attestation only. */
public enum AttestationStatus {
  PASS,
  FAIL,
  PENDING,
  TIMEOUT
}
