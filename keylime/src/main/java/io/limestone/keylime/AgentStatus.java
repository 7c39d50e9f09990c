package io.limestone.keylime;

import io.limestone.wire.JsonObject;
import java.util.Optional;

/**
 * What a verifier shows of a node ({@code GET /agents/{id}}, verifier-api.md section 2.2): exactly
 * 25 members. {@code v} is always written as null and never kept when read: a status that shows the
 * key half defeats the split. Times are Unix seconds, 0 or absent for never.
 *
 * @param state absent for a node that pushes
 * @param tpmPolicy JSON text as enrolled
 * @param metadata JSON text as enrolled
 * @param hashAlg algorithms of the last quote, empty before the first; so {@code encAlg}, {@code
 *     signAlg}
 * @param severityLevel index of the worst failure's label so far
 * @param attestationPeriod a text such as {@code 2s}; so {@code maximumAttestationInterval}
 */
public record AgentStatus(
    Optional<OperationalState> state,
    Optional<String> ip,
    Optional<Integer> port,
    String tpmPolicy,
    String metadata,
    boolean hasMbPolicy,
    boolean hasRuntimePolicy,
    AcceptedAlgs accepted,
    String hashAlg,
    String encAlg,
    String signAlg,
    String verifierId,
    Optional<String> verifierIp,
    Optional<Integer> verifierPort,
    Optional<Long> severityLevel,
    Optional<String> lastEventId,
    long attestationCount,
    Optional<Long> lastReceivedQuote,
    Optional<Long> lastSuccessfulAttestation,
    AttestationStatus attestationStatus,
    String attestationPeriod,
    String maximumAttestationInterval) {

  public JsonObject toJson() {
    Fields json =
        Fields.object()
            .putNullable("operational_state", state.map(OperationalState::number))
            .put("v", null)
            .putNullable("ip", ip)
            .putNullable("port", port)
            .put("tpm_policy", tpmPolicy)
            .put("meta_data", metadata)
            .put("has_mb_refstate", hasMbPolicy ? 1 : 0)
            .put("has_runtime_policy", hasRuntimePolicy ? 1 : 0);
    accepted.putInto(json);
    return json.put("hash_alg", hashAlg)
        .put("enc_alg", encAlg)
        .put("sign_alg", signAlg)
        .put("verifier_id", verifierId)
        .putNullable("verifier_ip", verifierIp)
        .putNullable("verifier_port", verifierPort)
        .putNullable("severity_level", severityLevel)
        .putNullable("last_event_id", lastEventId)
        .put("attestation_count", attestationCount)
        .putNullable("last_received_quote", lastReceivedQuote)
        .putNullable("last_successful_attestation", lastSuccessfulAttestation)
        .put("attestation_status", attestationStatus.name())
        .put("attestation_period", attestationPeriod)
        .put("maximum_attestation_interval", maximumAttestationInterval)
        .json();
  }

  /**
   * Reads a verifier's answer. Lenient, so that older verifiers can be shown too: members that they
   * lack read as empty, an unknown state or status as absent or PENDING.
   */
  public static AgentStatus fromJson(JsonObject json) {
    return new AgentStatus(
        json.optionalInteger("operational_state").flatMap(OperationalState::ofNumber),
        Fields.text(json, "ip"),
        Fields.port(json, "port"),
        json.optionalString("tpm_policy").orElse(""),
        json.optionalString("meta_data").orElse(""),
        flag(json, "has_mb_refstate"),
        flag(json, "has_runtime_policy"),
        AcceptedAlgs.fromJson(json),
        json.optionalString("hash_alg").orElse(""),
        json.optionalString("enc_alg").orElse(""),
        json.optionalString("sign_alg").orElse(""),
        json.optionalString("verifier_id").orElse(""),
        Fields.text(json, "verifier_ip"),
        Fields.port(json, "verifier_port"),
        json.optionalInteger("severity_level"),
        Fields.text(json, "last_event_id"),
        json.optionalInteger("attestation_count").orElse(0L),
        json.optionalInteger("last_received_quote"),
        json.optionalInteger("last_successful_attestation"),
        status(json),
        json.optionalString("attestation_period").orElse(""),
        json.optionalString("maximum_attestation_interval").orElse(""));
  }

  private static AttestationStatus status(JsonObject json) {
    String word = json.optionalString("attestation_status").orElse("");
    for (AttestationStatus status : AttestationStatus.values()) {
      if (status.name().equals(word)) {
        return status;
      }
    }
    return AttestationStatus.PENDING;
  }

  /** 0 or 1, also as a truth value. */
  private static boolean flag(JsonObject json, String name) {
    Object value = json.members().get(name);
    return Boolean.TRUE.equals(value) || Long.valueOf(1).equals(value);
  }
}
