package io.limestone.tss;

import io.limestone.wire.Bytes;

/**
 * What TPM2_Quote and TPM2_Certify return.
 *
 * @param attest TPMS_ATTEST, without the size of the TPM2B around it
 * @param signature TPMT_SIGNATURE
 */
public record SignedAttestation(Bytes attest, Bytes signature) {}
