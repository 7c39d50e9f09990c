package io.limestone.testkit;

import io.limestone.tpm.Attest;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.tpm.TpmtSignature;
import io.limestone.wire.Bytes;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Answers one challenge with any evidence, true or forged, under real signatures. It holds the
 * attestation key in software, so it can sign what a TPM never would.
 */
public final class TestAttester {
  private final SoftwareTpm tpm;
  private final Bytes nonce;
  private final PcrSelection asked;

  /** An attester that was asked for these PCRs with this nonce. */
  public TestAttester(SoftwareTpm tpm, Bytes nonce, PcrSelection asked) {
    this.tpm = tpm;
    this.nonce = nonce;
    this.asked = asked;
  }

  public SoftwareTpm tpm() {
    return tpm;
  }

  public Bytes nonce() {
    return nonce;
  }

  public PcrSelection asked() {
    return asked;
  }

  /** The true values of the PCRs that were asked for. */
  public PcrValues values() {
    return tpm.pcrs(asked);
  }

  /** What a true quote says. */
  public Attest attest() {
    return tpm.attestation(nonce, values());
  }

  /** A quote that says this, signed, with the true values beside it. */
  public Presented says(Attest attest) {
    return signed(attest.encode());
  }

  /** A true quote but for the bytes of its TPMS_ATTEST, which are changed before signing. */
  public Presented bytes(UnaryOperator<Bytes> change) {
    return signed(change.apply(attest().encode()));
  }

  /** These bytes as TPMS_ATTEST, signed. */
  public Presented signed(Bytes attest) {
    return presented(attest, tpm.akKey().sign(attest).encode(), values());
  }

  /** A true quote with other values beside it. */
  public Presented delivers(PcrValues values) {
    Bytes attest = attest().encode();
    return presented(attest, tpm.akKey().sign(attest).encode(), values);
  }

  /** A true quote but for its signature, which is changed. */
  public Presented signature(UnaryOperator<TpmtSignature> change) {
    Bytes attest = attest().encode();
    return presented(attest, change.apply(tpm.akKey().sign(attest)).encode(), values());
  }

  /** A true quote but for the bytes of its TPMT_SIGNATURE, which are changed. */
  public Presented signatureBytes(UnaryOperator<Bytes> change) {
    Bytes attest = attest().encode();
    return presented(attest, change.apply(tpm.akKey().sign(attest).encode()), values());
  }

  /** A true quote, said to be by a key with other attributes. */
  public Presented byKeyWith(int attributes) {
    TpmtPublic ak = tpm.ak();
    return enrolled(
        new TpmtPublic(
            ak.nameAlg(), attributes, ak.authPolicy(), ak.aesBits(), ak.scheme(), ak.key()));
  }

  /** A true quote, said to be by another key. */
  public Presented byKey(PublicKeyArea key) {
    TpmtPublic ak = tpm.ak();
    return enrolled(
        new TpmtPublic(
            ak.nameAlg(), ak.attributes(), ak.authPolicy(), ak.aesBits(), ak.scheme(), key));
  }

  /** A true quote to a verifier that knows another key for the node. */
  public Presented enrolled(TpmtPublic ak) {
    return new Presented(tpm.quote(nonce, asked), ak, nonce, asked);
  }

  /** A true quote that was made for another nonce. */
  public Presented madeFor(Bytes otherNonce) {
    return new Presented(tpm.quote(otherNonce, asked), tpm.ak(), nonce, asked);
  }

  /** The true values without one PCR. */
  public PcrValues without(int pcr) {
    TreeMap<Integer, Bytes> values = new TreeMap<>(values().values());
    values.remove(pcr);
    return new PcrValues(asked.bank(), values);
  }

  /** The true values with one PCR's replaced or added. */
  public PcrValues with(int pcr, Bytes value) {
    TreeMap<Integer, Bytes> values = new TreeMap<>(values().values());
    values.put(pcr, value);
    return new PcrValues(asked.bank(), values);
  }

  public Presented presented(Bytes attest, Bytes signature, PcrValues values) {
    return new Presented(new SignedQuote(attest, signature, values), tpm.ak(), nonce, asked);
  }
}
