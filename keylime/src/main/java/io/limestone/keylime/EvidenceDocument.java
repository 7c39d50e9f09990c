package io.limestone.keylime;

import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The {@code data} of {@code POST /verify/evidence} with type {@code tpm} (verifier-api.md section
 * 2.9): one quote with logs and policies, judged once. At least one policy must be there. The
 * policies are texts here, not base64.
 *
 * @param nonce as the TPM signed it
 * @param tpmEk as given; not needed for the verdict
 * @param akTpm TPM2B_PUBLIC
 * @param bootLog the raw binary event log
 */
public record EvidenceDocument(
    SignedQuote quote,
    String nonce,
    String hashAlg,
    String tpmEk,
    Bytes akTpm,
    Optional<String> tpmPolicy,
    Optional<String> runtimePolicy,
    Optional<String> mbPolicy,
    Optional<Bytes> imaList,
    Optional<Bytes> bootLog) {

  /** The same failure that the peers answer with 400. */
  public static EvidenceDocument fromJson(JsonObject data) {
    EvidenceDocument document =
        new EvidenceDocument(
            QuoteText.parse(data.string("quote")),
            data.string("nonce"),
            data.string("hash_alg"),
            data.string("tpm_ek"),
            Fields.base64(data, "tpm_ak").orElseThrow(() -> Fields.missing("tpm_ak")),
            Fields.text(data, "tpm_policy"),
            Fields.text(data, "runtime_policy"),
            Fields.text(data, "mb_policy"),
            data.optionalString("ima_measurement_list")
                .map(text -> Bytes.of(text.getBytes(StandardCharsets.UTF_8))),
            Fields.base64(data, "mb_log"));
    if (document.tpmPolicy.isEmpty()
        && document.runtimePolicy.isEmpty()
        && document.mbPolicy.isEmpty()) {
      throw new MalformedException("no policy: tpm_policy, runtime_policy or mb_policy is needed");
    }
    return document;
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("quote", QuoteText.of(quote))
        .put("nonce", nonce)
        .put("hash_alg", hashAlg)
        .put("tpm_ek", tpmEk)
        .put("tpm_ak", akTpm.base64())
        .putPresent("tpm_policy", tpmPolicy)
        .putPresent("runtime_policy", runtimePolicy)
        .putPresent("mb_policy", mbPolicy)
        .putPresent(
            "ima_measurement_list",
            imaList.map(text -> new String(text.toArray(), StandardCharsets.UTF_8)))
        .putPresent("mb_log", bootLog.map(Bytes::base64))
        .json();
  }
}
