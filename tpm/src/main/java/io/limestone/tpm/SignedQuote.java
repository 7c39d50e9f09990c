package io.limestone.tpm;

import io.limestone.wire.Bytes;

/**
 * A quote as received, nothing of it verified.
 *
 * @param attest TPMS_ATTEST
 * @param signature TPMT_SIGNATURE over it
 * @param pcrs the values said to be quoted; not signed themselves
 */
public record SignedQuote(Bytes attest, Bytes signature, PcrValues pcrs) {}
