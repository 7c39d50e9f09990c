package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the registrar shows of an active agent ({@code GET /agents/{id}}, pull-protocol.md section
 * 2.4).
 *
 * @param ekTpm TPM2B_PUBLIC
 * @param akTpm TPM2B_PUBLIC
 * @param ekCertificate the bytes as registered
 * @param ekIssuers certificates that the TPM holds besides the EK certificate; an addition of ours
 *     ({@code ek_issuers}, written only when there are some), for a client that checks the chain
 * @param registrations how often it was registered ({@code regcount})
 */
public record RegisteredAgent(
    NodeId id,
    Bytes ekTpm,
    Optional<Bytes> ekCertificate,
    List<Bytes> ekIssuers,
    Bytes akTpm,
    String ip,
    Optional<Integer> port,
    Optional<AgentTls> mtlsCert,
    long registrations) {

  public RegisteredAgent {
    ekIssuers = List.copyOf(ekIssuers);
  }

  /** Reads a registrar's answer; a record without an address or one of the keys is refused. */
  public static RegisteredAgent fromJson(JsonObject results) {
    return new RegisteredAgent(
        NodeId.parse(results.string("agent_id")),
        Fields.base64(results, "ek_tpm").orElseThrow(() -> Fields.missing("ek_tpm")),
        Fields.read(results, "ekcert", Certificates::one),
        issuers(results),
        Fields.base64(results, "aik_tpm").orElseThrow(() -> Fields.missing("aik_tpm")),
        results.string("ip"),
        Fields.port(results, "port"),
        Fields.read(results, "mtls_cert", AgentTls::parse),
        results.integer("regcount"));
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("agent_id", id.value())
        .put("ek_tpm", ekTpm.base64())
        .putNullable("ekcert", ekCertificate.map(Bytes::base64))
        .put("aik_tpm", akTpm.base64())
        .put("ip", ip)
        .putNullable("port", port)
        .putNullable("mtls_cert", mtlsCert.map(AgentTls::wire))
        .put("regcount", registrations)
        .putPresent(
            "ek_issuers",
            Optional.of(ekIssuers)
                .filter(list -> !list.isEmpty())
                .map(list -> list.stream().map(Bytes::base64).toList()))
        .json();
  }

  private static List<Bytes> issuers(JsonObject results) {
    if (!results.has("ek_issuers")) {
      return List.of();
    }
    List<Bytes> issuers = new ArrayList<>();
    for (String text : results.strings("ek_issuers")) {
      if (issuers.size() == Certificates.MAX_CHAIN) {
        throw new io.limestone.wire.MalformedException("ek_issuers is too long");
      }
      issuers.add(Certificates.one(text));
    }
    return issuers;
  }
}
