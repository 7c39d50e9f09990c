package io.limestone.testkit;

import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;

/** A quote, and what the verifier knows of the node and asked it for. */
public record Presented(SignedQuote quote, TpmtPublic enrolledAk, Bytes nonce, PcrSelection asked) {
  public QuoteVerifier.Result verify() {
    return QuoteVerifier.verify(quote, enrolledAk, nonce, asked);
  }
}
