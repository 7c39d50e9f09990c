package io.limestone.tss;

import io.limestone.wire.Bytes;

/**
 * A key as TPM2_Create returned it, to be kept outside the TPM: only the TPM that made it can load
 * it again.
 *
 * @param publicArea TPM2B_PUBLIC
 * @param privateArea TPM2B_PRIVATE, encrypted by the TPM
 */
public record KeyBlob(Bytes publicArea, Bytes privateArea) {}
