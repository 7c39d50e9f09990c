package io.limestone.keylime;

import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonCut;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    Optional<LongBytes> imaList,
    Optional<Bytes> bootLog) {
  private static final String LIST = "ima_measurement_list";

  /** A document that has been read as a whole; the same failure that the peers answer with 400. */
  public static EvidenceDocument fromJson(JsonObject data) {
    return fromJson(
        data,
        data.optionalString(LIST).map(text -> LongBytes.of(text.getBytes(StandardCharsets.UTF_8))));
  }

  /**
   * A request's body taken apart, for lists of any length.
   *
   * @param request the whole object, without the list where it was cut out
   * @param list decoded where it stands in the body
   */
  public record Body(JsonObject request, Optional<LongBytes> list) {
    /**
     * Takes a body apart.
     *
     * @param body used up: its bytes are written over
     * @param mostBesides bytes that there may be besides the list: policies, above all
     * @throws MalformedException if it is no JSON object
     */
    public static Body of(LongBytes body, int mostBesides) {
      JsonCut.Parts parts = JsonCut.of(body, mostBesides, "data", LIST);
      return new Body(parts.rest(), parts.text());
    }

    /**
     * The request's {@code data}.
     *
     * @throws MalformedException if it is no such document
     */
    public EvidenceDocument document() {
      JsonObject data = request.object("data");
      return list.isPresent() ? fromJson(data, list) : fromJson(data);
    }

    /** The data as they were sent; a list of more than {@code most} bytes is left out. */
    public Map<String, ?> echo(int most) {
      Map<String, @Nullable Object> data = new LinkedHashMap<>(request.object("data").members());
      if (list.isPresent()) {
        data.remove(LIST);
        list.filter(text -> text.size() <= most)
            .ifPresent(text -> data.put(LIST, new String(text.toArray(), StandardCharsets.UTF_8)));
      }
      return data;
    }
  }

  private static EvidenceDocument fromJson(JsonObject data, Optional<LongBytes> list) {
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
            list,
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
        .putPresent(LIST, imaList.map(text -> new String(text.toArray(), StandardCharsets.UTF_8)))
        .putPresent("mb_log", bootLog.map(Bytes::base64))
        .json();
  }
}
