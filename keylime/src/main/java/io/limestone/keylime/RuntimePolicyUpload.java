package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.util.Optional;

/**
 * The body of {@code POST} and {@code PUT /allowlists/{name}} (verifier-api.md section 2.6).
 *
 * @param tpmPolicy JSON text; stored, but an enrolment brings its own
 * @param policy the policy file's bytes: JSON or a DSSE envelope
 * @param key the bytes of the PEM key file of a signed policy
 */
public record RuntimePolicyUpload(Optional<String> tpmPolicy, Bytes policy, Optional<Bytes> key) {

  public static RuntimePolicyUpload fromJson(JsonObject json) {
    return new RuntimePolicyUpload(
        Fields.text(json, "tpm_policy"),
        Fields.base64(json, "runtime_policy").orElseThrow(() -> Fields.missing("runtime_policy")),
        Fields.base64(json, "runtime_policy_key"));
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("tpm_policy", tpmPolicy.orElse("{\"mask\": \"0x400\"}"))
        .put("runtime_policy", policy.base64())
        .put("runtime_policy_key", key.map(Bytes::base64).orElse(""))
        .json();
  }
}
