package io.limestone.server.registrar;

import io.limestone.appraisal.endorsement.TpmCertificate;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.tpm.Certification;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Optional;

/**
 * What a registration's identity must be, numbered as in pull-protocol.md section 2.3; our own
 * rules are marked with a plus. Pure.
 *
 * <pre>
 *  2  every member follows its grammar
 *  3  a known identity is not changed or taken away
 *  4  the EK certificate is about the EK
 *  4+ the EK is a restricted decryption key, fixed to its TPM
 *  5  IAK and IDevID certificates are about their keys, and of a trusted issuer
 *  6  the IAK has certified the AK for this very id
 *  7  there is the identity that tpm_identity asks for
 *  8  there is an AK
 *  8+ the AK is restricted, signs only, is fixed to its TPM and was made by it
 * </pre>
 *
 * @param tpmIdentity {@code registrar.tpm_identity}
 * @param rejectMalformed whether certificates must be strict DER
 */
record IdentityRules(String tpmIdentity, boolean rejectMalformed) {

  /** Keys and identity, checked. */
  record Checked(Identity identity, TpmtPublic ek, TpmtPublic ak) {}

  /**
   * The identity that a registration gives together with what is known of the node.
   *
   * @param known the node's record, active or not
   * @param erasesCertificate whether the registration says that there is no EK certificate
   * @throws Refusal with 403 for a changed identity, 400 for an unusable one
   */
  Checked check(NodeId id, Registration sent, boolean erasesCertificate, Optional<Identity> known)
      throws Refusal {
    if (known.isPresent()) {
      refuseChange(known.get(), sent, erasesCertificate);
    }
    try {
      return checked(id, sent, known);
    } catch (MalformedException e) {
      throw invalid(String.valueOf(e.getMessage()));
    }
  }

  /** Rule 3. */
  private static void refuseChange(Identity known, Registration sent, boolean erasesCertificate)
      throws Refusal {
    boolean changed =
        differs(sent.ekTpm(), Optional.of(known.ekTpm()))
            || differs(sent.akTpm(), Optional.of(known.aikTpm()))
            || differs(sent.ekChain().stream().findFirst(), known.ekCert())
            || (erasesCertificate && known.ekCert().isPresent());
    if (changed) {
      throw new Refusal(
          403,
          "Agent re-registration with different TPM identity is forbidden for security reasons");
    }
  }

  private static boolean differs(Optional<Bytes> sent, Optional<Bytes> known) {
    return sent.isPresent() && known.isPresent() && !sent.equals(known);
  }

  private Checked checked(NodeId id, Registration sent, Optional<Identity> known) throws Refusal {
    Optional<Bytes> ekTpm = sent.ekTpm().or(() -> known.map(Identity::ekTpm));
    Optional<Bytes> akTpm = sent.akTpm().or(() -> known.map(Identity::aikTpm));
    List<Bytes> chain =
        sent.ekChain().isEmpty() ? known.map(Identity::ekChain).orElse(List.of()) : sent.ekChain();
    Identity identity =
        new Identity(
            // The challenge is made for both keys, whatever tpm_identity says.
            ekTpm.orElseThrow(() -> invalid("ek_tpm is missing")),
            akTpm.orElseThrow(() -> invalid("aik_tpm is missing")),
            chain,
            sent.iakTpm().or(() -> known.flatMap(Identity::iakTpm)),
            sent.iakCert().or(() -> known.flatMap(Identity::iakCert)),
            sent.idevidTpm().or(() -> known.flatMap(Identity::idevidTpm)),
            sent.idevidCert().or(() -> known.flatMap(Identity::idevidCert)));
    TpmtPublic ek = key("ek_tpm", identity.ekTpm());
    TpmtPublic ak = key("aik_tpm", identity.aikTpm());
    if (identity.ekCert().isPresent()) {
      certificate("ekcert", identity.ekCert().get(), ek);
    }
    refuse("ek_tpm", ek.whyNotEndorsementKey());
    refuse("aik_tpm", ak.whyNotAttestationKey());
    checkDevId(id, sent, identity, ak);
    checkPresence(identity);
    return new Checked(identity, ek, ak);
  }

  /** Rules 5 (the keys; issuers are judged with the endorsement) and 6. */
  private void checkDevId(NodeId id, Registration sent, Identity identity, TpmtPublic ak)
      throws Refusal {
    if (identity.iakTpm().isPresent() && identity.iakCert().isPresent()) {
      certificate("iak_cert", identity.iakCert().get(), key("iak_tpm", identity.iakTpm().get()));
    }
    if (identity.idevidTpm().isPresent() && identity.idevidCert().isPresent()) {
      certificate(
          "idevid_cert",
          identity.idevidCert().get(),
          key("idevid_tpm", identity.idevidTpm().get()));
    }
    // The AK of a known record was certified when the IAK came, and has not changed since.
    if (sent.iakTpm().isPresent()) {
      Certification certification =
          new Certification(
              sent.iakAttest().orElseThrow(() -> invalid("iak_attest is missing")),
              sent.iakSign().orElseThrow(() -> invalid("iak_sign is missing")));
      TpmtPublic iak = key("iak_tpm", identity.iakTpm().get());
      refuse(
          "iak_attest",
          certification
              .refuse(iak, ak, id.value())
              .map(r -> r.step() + ": " + r.found() + ", expected " + r.expected()));
    }
  }

  /** Rule 7. */
  private void checkPresence(Identity identity) throws Refusal {
    boolean iak = identity.iakTpm().isPresent() && identity.iakCert().isPresent();
    boolean idevid = identity.idevidTpm().isPresent() && identity.idevidCert().isPresent();
    boolean anyDevId =
        identity.iakTpm().isPresent()
            || identity.iakCert().isPresent()
            || identity.idevidTpm().isPresent()
            || identity.idevidCert().isPresent();
    if (anyDevId && !(iak && idevid)) {
      throw invalid("IAK and IDevID need each other, and a certificate each");
    }
    switch (tpmIdentity) {
      case "ek_cert" -> {
        if (identity.ekCert().isEmpty()) {
          throw invalid("ekcert is missing (registrar.tpm_identity is ek_cert)");
        }
      }
      case "iak_idevid" -> {
        if (!anyDevId) {
          throw invalid("IAK and IDevID are missing (registrar.tpm_identity is iak_idevid)");
        }
      }
      default -> {
        // Either will do, and the challenge needs an EK in any case.
      }
    }
  }

  private void certificate(String name, Bytes certificate, TpmtPublic key) throws Refusal {
    TpmCertificate delivered;
    try {
      delivered = TpmCertificate.parse(certificate);
      if (!delivered.certifies(key)) {
        throw invalid(name + " is not about this key");
      }
    } catch (MalformedException e) {
      throw invalid(name + ": " + e.getMessage());
    }
    if (rejectMalformed && delivered.flaw().isPresent()) {
      throw invalid(
          name + ": " + delivered.flaw().get() + " (registrar.malformed_cert_action is reject)");
    }
  }

  private static TpmtPublic key(String name, Bytes tpm2b) {
    try {
      return TpmtPublic.parse2b(tpm2b);
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }

  private static void refuse(String name, Optional<String> why) throws Refusal {
    if (why.isPresent()) {
      throw invalid(name + ": " + why.get());
    }
  }

  static Refusal invalid(String detail) {
    return new Refusal(400, "Could not register agent with invalid data: " + detail);
  }
}
