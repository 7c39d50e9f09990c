package io.limestone.tpm;

import io.limestone.tpm.QuoteVerifier.Refused;
import io.limestone.tpm.QuoteVerifier.Step;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * TPM2_Certify of an attestation key by the initial attestation key (IAK) in the same TPM.
 *
 * @param attest TPMS_ATTEST
 * @param signature TPMT_SIGNATURE over it
 */
public record Certification(Bytes attest, Bytes signature) {
  /**
   * Why this does not prove that {@code ak} lives in the TPM of {@code iak} and belongs to the
   * node, if so. Qualifying data is the node's id, as its bytes (agents up to API 2.5) or their
   * SHA-256 (2.6). Never throws on hostile input.
   */
  public Optional<Refused> refuse(TpmtPublic iak, TpmtPublic ak, String nodeId) {
    Optional<Refused> refused = AttestCheck.refuse(attest, signature, iak, Attest.Certify.TYPE);
    if (refused.isPresent()) {
      return refused;
    }
    Attest parsed;
    try {
      parsed = Attest.parse(attest);
    } catch (MalformedException e) {
      return AttestCheck.refused(Step.ATTEST_STRUCTURE, e.getMessage(), "a TPMS_ATTEST");
    }
    if (!(parsed.attested() instanceof Attest.Certify info)) {
      return AttestCheck.refused(Step.TYPE, "no certification", "a certification");
    }
    Bytes id = Bytes.of(nodeId.getBytes(StandardCharsets.UTF_8));
    Bytes hashedId = HashAlg.SHA256.digest(id);
    Bytes data = parsed.extraData();
    if (!data.constantTimeEquals(id) && !data.constantTimeEquals(hashedId)) {
      return AttestCheck.refused(Step.NONCE, data.hex(), id.hex() + " or " + hashedId.hex());
    }
    Bytes name = ak.name();
    return info.name().equals(name)
        ? Optional.empty()
        : AttestCheck.refused(Step.NAME, info.name().hex(), name.hex());
  }
}
