package io.limestone.tpm;

import io.limestone.tpm.QuoteVerifier.Refused;
import io.limestone.tpm.QuoteVerifier.Step;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.Optional;

/** Steps 1 to 6: what every attestation by a restricted key has to pass, whatever it says. */
final class AttestCheck {
  private AttestCheck() {}

  static Optional<Refused> refuse(Bytes attest, Bytes signature, TpmtPublic key, int type) {
    Optional<String> unfit = key.whyNotAttestationKey();
    if (unfit.isPresent()) {
      return refused(Step.KEY, unfit.get(), "a restricted signing key fixed to its TPM");
    }
    return signature(attest, signature, key).or(() -> header(attest, type));
  }

  private static Optional<Refused> signature(Bytes attest, Bytes bytes, TpmtPublic key) {
    TpmtSignature signature;
    try {
      signature = TpmtSignature.parse(bytes);
    } catch (MalformedException e) {
      return refused(Step.SIGNATURE_STRUCTURE, e.getMessage(), "a TPMT_SIGNATURE");
    }
    SigningScheme bound = key.scheme().orElseThrow();
    if (!signature.scheme().equals(bound) || bound.hash() == HashAlg.SM3_256) {
      return refused(
          Step.SIGNATURE_SCHEME, signature.scheme().toString(), bound + ", as the key says");
    }
    if (!verifies(key, signature, attest)) {
      return refused(Step.SIGNATURE, "a signature by another key or over other bytes", "the key's");
    }
    return Optional.empty();
  }

  private static boolean verifies(TpmtPublic key, TpmtSignature signature, Bytes attest) {
    try {
      return SignatureVerifier.verify(key.key(), signature, attest);
    } catch (MalformedException e) {
      // A key that did not come through parse, such as a point off its curve, verifies nothing.
      return false;
    }
  }

  private static Optional<Refused> header(Bytes attest, int type) {
    ByteReader in = attest.bigEndian();
    if (in.remaining() < 6) {
      return refused(Step.ATTEST_STRUCTURE, attest.size() + " bytes", "a TPMS_ATTEST");
    }
    long magic = in.u32("magic");
    if (magic != Attest.MAGIC) {
      return refused(Step.MAGIC, "0x%08x".formatted(magic), "0xff544347 (TPM_GENERATED)");
    }
    int found = in.u16("type");
    if (found != type) {
      return refused(Step.TYPE, "0x%04x".formatted(found), "0x%04x".formatted(type));
    }
    return Optional.empty();
  }

  static Optional<Refused> refused(Step step, String found, String expected) {
    return Optional.of(new Refused(step, found, expected));
  }
}
