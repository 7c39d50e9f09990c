package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The body of {@code POST /agents/{id}} at the verifier (verifier-api.md section 2.3): attest this
 * node from now on, against these policies, and give it V when it is good. Empty texts count as
 * absent; members that the tenant always sends must be there, if only as null.
 *
 * @param v the verifier's half of the payload key
 * @param ip where the agent listens; absent for nodes that push
 * @param tpmPolicy JSON text, with {@code mask}
 * @param runtimePolicy the policy file's bytes: JSON or a DSSE envelope
 * @param runtimePolicyKey the bytes of the PEM key file of a signed policy
 * @param mbPolicy JSON text
 * @param metadata JSON text
 * @param revocationKey PEM of an RSA private key, as UTF-8
 * @param akTpm TPM2B_PUBLIC
 * @param supportedVersion the agent's API version; absent or unknown means {@link
 *     ApiVersion#CURRENT}
 */
public record Enrolment(
    Optional<Secret> v,
    Optional<String> ip,
    Optional<Integer> port,
    Optional<String> verifierIp,
    Optional<Integer> verifierPort,
    String tpmPolicy,
    Optional<Bytes> runtimePolicy,
    Optional<String> runtimePolicyName,
    Optional<Bytes> runtimePolicyKey,
    Optional<String> mbPolicy,
    Optional<String> mbPolicyName,
    Optional<String> imaSignVerificationKeys,
    String metadata,
    Optional<Secret> revocationKey,
    AcceptedAlgs accepted,
    Bytes akTpm,
    Optional<AgentTls> mtlsCert,
    Optional<ApiVersion> supportedVersion) {

  public static Enrolment fromJson(JsonObject json) {
    Fields.require(
        json,
        "runtime_policy",
        "mb_policy",
        "mb_policy_name",
        "ima_sign_verification_keys",
        "revocation_key");
    json.string("runtime_policy"); // null is refused here, as Keylime does; "" means none
    return new Enrolment(
        Fields.secret(json, "v").map(BootstrapKey::checkSize),
        Fields.text(json, "cloudagent_ip"),
        Fields.port(json, "cloudagent_port"),
        Fields.text(json, "verifier_ip"),
        Fields.port(json, "verifier_port"),
        json.string("tpm_policy"),
        Fields.base64(json, "runtime_policy"),
        Fields.text(json, "runtime_policy_name"),
        Fields.base64(json, "runtime_policy_key"),
        Fields.text(json, "mb_policy"),
        Fields.text(json, "mb_policy_name"),
        Fields.text(json, "ima_sign_verification_keys"),
        json.string("metadata"),
        Fields.text(json, "revocation_key")
            .map(pem -> Secret.of(pem.getBytes(StandardCharsets.UTF_8))),
        AcceptedAlgs.fromJson(json),
        Fields.base64(json, "ak_tpm").orElseThrow(() -> Fields.missing("ak_tpm")),
        Fields.read(json, "mtls_cert", AgentTls::parse),
        Fields.text(json, "supported_version").flatMap(ApiVersion::find));
  }

  /** As the tenant writes it. It carries V in the clear: for a TLS connection only. */
  public JsonObject toJson() {
    Fields json =
        Fields.object()
            .putNullable("v", v.map(Enrolment::base64))
            .putNullable("cloudagent_ip", ip)
            .putNullable("cloudagent_port", port)
            .putPresent("verifier_ip", verifierIp)
            .putPresent("verifier_port", verifierPort)
            .put("tpm_policy", tpmPolicy)
            .put("runtime_policy", runtimePolicy.map(Bytes::base64).orElse(""))
            .put("runtime_policy_name", runtimePolicyName.orElse(""))
            .put("runtime_policy_key", runtimePolicyKey.map(Bytes::base64).orElse(""))
            .putNullable("mb_policy", mbPolicy)
            .put("mb_policy_name", mbPolicyName.orElse(""))
            .put("ima_sign_verification_keys", imaSignVerificationKeys.orElse(""))
            .put("metadata", metadata)
            .put(
                "revocation_key",
                revocationKey
                    .map(key -> new String(key.reveal(), StandardCharsets.UTF_8))
                    .orElse(""));
    accepted.putInto(json);
    return json.put("ak_tpm", akTpm.base64())
        .putNullable("mtls_cert", mtlsCert.map(AgentTls::wire))
        .putPresent("supported_version", supportedVersion.map(ApiVersion::toString))
        .json();
  }

  private static String base64(Secret secret) {
    byte[] bytes = secret.reveal();
    try {
      return Encoding.base64(bytes);
    } finally {
      Encoding.wipe(bytes);
    }
  }
}
