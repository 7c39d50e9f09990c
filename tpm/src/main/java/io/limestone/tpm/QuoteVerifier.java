package io.limestone.tpm;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Optional;

/**
 * Verifies TPM2_Quote by numbered steps, each mandatory (TPM 2.0 Library part 1, section 18.5 and
 * part 3, section 18.4). What comes out are only values that the signature covers. Clock and
 * counters are for {@link ClockRule}, since they need the past.
 */
public final class QuoteVerifier {
  private QuoteVerifier() {}

  /** The steps, in the order in which they are taken. */
  public enum Step {
    /** The key's attributes: restricted, signing, fixed to its TPM and made in it. */
    KEY(1),
    /** TPMT_SIGNATURE by its grammar, nothing behind it. */
    SIGNATURE_STRUCTURE(2),
    /** Scheme and hash are the ones that the key is bound to. */
    SIGNATURE_SCHEME(3),
    /**
     * The signature over TPMS_ATTEST; for ECDSA with r and s in 1..n-1 and the key on its curve.
     */
    SIGNATURE(4),
    /** TPM_GENERATED: made by the TPM itself. */
    MAGIC(5),
    /** TPM_ST_ATTEST_QUOTE, or _CERTIFY for a certification. */
    TYPE(6),
    /** TPMS_ATTEST by its grammar, nothing behind it. */
    ATTEST_STRUCTURE(7),
    /** extraData is the nonce, compared in constant time. */
    NONCE(8),
    /** The signed selection is one bank and exactly the PCRs that were asked for. */
    SELECTION(9),
    /** The delivered values are of this selection: none missing, none besides. */
    PCR_VALUES(10),
    /** Their digest is the signed one. */
    PCR_DIGEST(11),
    /** The certified Name is the key's (certifications only). */
    NAME(12);

    private final int number;

    Step(int number) {
      this.number = number;
    }

    public int number() {
      return number;
    }
  }

  public sealed interface Result {}

  /** Every step passed: {@code pcrs} are covered by the signature. */
  public record Verified(Attest attest, PcrValues pcrs) implements Result {}

  /** The first step that did not pass. {@code found} never repeats more than a few values. */
  public record Refused(Step step, String found, String expected) implements Result {}

  /**
   * Verifies a quote; never throws on hostile input.
   *
   * @param ak the enrolled attestation key
   * @param nonce what was sent for this one quote
   * @param asked the bank and PCRs that were asked for
   */
  public static Result verify(SignedQuote quote, TpmtPublic ak, Bytes nonce, PcrSelection asked) {
    Optional<Refused> refused =
        AttestCheck.refuse(quote.attest(), quote.signature(), ak, Attest.Quote.TYPE);
    if (refused.isPresent()) {
      return refused.get();
    }
    Attest attest;
    try {
      attest = Attest.parse(quote.attest());
    } catch (MalformedException e) {
      return new Refused(Step.ATTEST_STRUCTURE, e.getMessage(), "a TPMS_ATTEST");
    }
    if (!(attest.attested() instanceof Attest.Quote info)) {
      return new Refused(Step.TYPE, "no quote", "a quote");
    }
    if (!attest.extraData().constantTimeEquals(nonce)) {
      return new Refused(Step.NONCE, attest.extraData().hex(), nonce.hex());
    }
    if (!info.selections().equals(List.of(asked))) {
      return new Refused(Step.SELECTION, info.selections().toString(), List.of(asked).toString());
    }
    PcrSelection delivered = quote.pcrs().selection();
    if (!delivered.equals(asked)) {
      return new Refused(Step.PCR_VALUES, delivered.toString(), asked.toString());
    }
    HashAlg hash = ak.scheme().orElseThrow().hash();
    Bytes digest = quote.pcrs().digest(hash);
    if (!digest.equals(info.pcrDigest())) {
      return new Refused(Step.PCR_DIGEST, digest.hex(), info.pcrDigest().hex());
    }
    return new Verified(attest, quote.pcrs());
  }
}
