package io.limestone.keylime;

import io.limestone.wire.JsonObject;

/**
 * The answer of {@code GET agent/info}, since API 2.2.
 *
 * @param akHandle a number of the agent's own TPM library, not a TPM handle
 */
public record AgentInfo(NodeId id, String hashAlg, String encAlg, String signAlg, long akHandle) {

  public static AgentInfo fromJson(JsonObject results) {
    return new AgentInfo(
        NodeId.parse(results.string("agent_uuid")),
        results.string("tpm_hash_alg"),
        results.string("tpm_enc_alg"),
        results.string("tpm_sign_alg"),
        results.integer("ak_handle"));
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("agent_uuid", id.value())
        .put("tpm_hash_alg", hashAlg)
        .put("tpm_enc_alg", encAlg)
        .put("tpm_sign_alg", signAlg)
        .put("ak_handle", akHandle)
        .json();
  }
}
