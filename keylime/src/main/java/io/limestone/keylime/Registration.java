package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Pem;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What an agent sends to the registrar ({@code POST /agents/{id}}, pull-protocol.md section 2.2).
 * All members are optional on the wire; which of them a registration needs is for the registrar.
 *
 * <p>Lenient for real peers: binary members may be hex where they are not base64, {@code ekcert}
 * may be the empty text, a PEM chain (EK certificate first) or base64 of one DER certificate,
 * {@code iak_cert} and {@code idevid_cert} may be null, {@code port} may be digits. Certificates
 * keep their bytes, also where they are not strict DER.
 *
 * @param agentId only in {@code POST /agents}, which has no id in its path
 * @param ekTpm TPM2B_PUBLIC of the endorsement key
 * @param akTpm TPM2B_PUBLIC of the attestation key
 * @param ekChain the EK certificate, then what the TPM has of its issuers; empty if it has none
 * @param iakAttest TPMS_ATTEST of TPM2_Certify (AK by IAK), without a size in front
 * @param iakSign TPMT_SIGNATURE over it
 */
public record Registration(
    Optional<String> agentId,
    Optional<Bytes> akTpm,
    Optional<Bytes> ekTpm,
    List<Bytes> ekChain,
    Optional<Bytes> iakTpm,
    Optional<Bytes> iakCert,
    Optional<Bytes> idevidTpm,
    Optional<Bytes> idevidCert,
    Optional<Bytes> iakAttest,
    Optional<Bytes> iakSign,
    Optional<String> ip,
    Optional<Integer> port,
    Optional<AgentTls> mtlsCert) {

  public Registration {
    ekChain = List.copyOf(ekChain);
  }

  /**
   * Whether it says anything about the TPM's identity, rather than only where the agent listens.
   */
  public boolean namesIdentity() {
    return akTpm.isPresent()
        || ekTpm.isPresent()
        || !ekChain.isEmpty()
        || iakTpm.isPresent()
        || iakCert.isPresent()
        || idevidTpm.isPresent()
        || idevidCert.isPresent();
  }

  public static Registration fromJson(JsonObject json) {
    return new Registration(
        Fields.text(json, "agent_id"),
        Fields.binary(json, "aik_tpm"),
        Fields.binary(json, "ek_tpm"),
        Fields.read(json, "ekcert", Certificates::chain).orElse(List.of()),
        Fields.binary(json, "iak_tpm"),
        Fields.read(json, "iak_cert", Certificates::one),
        Fields.binary(json, "idevid_tpm"),
        Fields.read(json, "idevid_cert", Certificates::one),
        Fields.binary(json, "iak_attest"),
        Fields.binary(json, "iak_sign"),
        Fields.text(json, "ip"),
        Fields.port(json, "port"),
        Fields.read(json, "mtls_cert", AgentTls::parse));
  }

  /** As the Rust agent writes it: {@code ekcert} always, null for absent IAK certificates. */
  public JsonObject toJson() {
    return Fields.object()
        .putPresent("agent_id", agentId)
        .putPresent("aik_tpm", akTpm.map(Bytes::base64))
        .putPresent("ek_tpm", ekTpm.map(Bytes::base64))
        .put(
            "ekcert",
            ekChain.stream()
                .map(der -> Pem.text(Pem.CERTIFICATE, der))
                .collect(Collectors.joining()))
        .putPresent("iak_attest", iakAttest.map(Bytes::base64))
        .putNullable("iak_cert", iakCert.map(Bytes::base64))
        .putPresent("iak_sign", iakSign.map(Bytes::base64))
        .putPresent("iak_tpm", iakTpm.map(Bytes::base64))
        .putNullable("idevid_cert", idevidCert.map(Bytes::base64))
        .putPresent("idevid_tpm", idevidTpm.map(Bytes::base64))
        .putPresent("ip", ip)
        .putPresent("mtls_cert", mtlsCert.map(AgentTls::wire))
        .putPresent("port", port)
        .json();
  }
}
