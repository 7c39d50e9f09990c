package io.limestone.agent;

import io.limestone.tpm.Attest;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.SignedQuote;
import io.limestone.tss.SignedAttestation;
import io.limestone.tss.Tpm;
import io.limestone.tss.TpmObject;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Quotes with the transport key bound into PCR 16 (pull-protocol.md section 3.5). One quote is made
 * at a time, since PCR 16 is reset for each.
 */
final class Quoter {
  private static final int ATTEMPTS = 5;

  private final Tpm tpm;
  private final TpmObject ak;
  private final HashAlg bank;
  private final Bytes keyDigest;

  Quoter(Tpm tpm, TpmObject ak, HashAlg bank, String transportKeyPem) {
    this.tpm = tpm;
    this.ak = ak;
    this.bank = bank;
    this.keyDigest = bank.digest(Bytes.of(transportKeyPem.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * A quote over the PCRs of {@code mask} and PCR 16, with the values that it covers.
   *
   * @throws IOException if the TPM refuses, or a PCR changes faster than it can be quoted
   */
  synchronized SignedQuote quote(Bytes nonce, int mask) throws IOException {
    PcrSelection selection = new PcrSelection(bank, mask | 1 << DataPcr.INDEX);
    tpm.resetPcr(DataPcr.INDEX);
    tpm.extendPcr(DataPcr.INDEX, bank, keyDigest);
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      PcrValues pcrs = tpm.readPcrs(selection);
      SignedAttestation signed = tpm.quote(ak, nonce, selection);
      if (Attest.parse(signed.attest()).attested() instanceof Attest.Quote info
          && info.pcrDigest().equals(pcrs.digest(bank))) {
        return new SignedQuote(signed.attest(), signed.signature(), pcrs);
      }
      // IMA extended PCR 10 between reading and quoting.
    }
    throw new IOException("PCRs changed during each of " + ATTEMPTS + " quotes");
  }
}
