package io.limestone.appraisal.endorsement;

import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * What each certificate of a chain must say for itself (RFC 5280 section 6.1, TCG EK Credential
 * Profile section 3.2). Every method gives the reason to refuse, if there is one.
 */
final class CertificateRules {
  /**
   * Critical extensions that are understood. Policies need no processing: none is demanded. TPM
   * attributes in the alternative name are critical because the subject is empty.
   */
  private static final Set<String> UNDERSTOOD =
      Set.of(
          Extension.basicConstraints.getId(),
          Extension.keyUsage.getId(),
          Extension.extendedKeyUsage.getId(),
          Extension.subjectAlternativeName.getId(),
          Extension.subjectKeyIdentifier.getId(),
          Extension.authorityKeyIdentifier.getId(),
          Extension.certificatePolicies.getId());

  private CertificateRules() {}

  /** The rules for the TPM's own certificate. */
  static Optional<String> refuseLeaf(
      TpmCertificate leaf, Purpose purpose, Instant at, Rules rules) {
    CertificateProfile profile = leaf.profile();
    if (profile.ca().orElse(false)) {
      return Optional.of("it is a CA certificate");
    }
    if (!profile.allows(purpose.usage())) {
      return Optional.of("its key usage does not fit");
    }
    Optional<String> needed = purpose.extendedUsage();
    if (needed.isPresent()
        && profile.purposes().isPresent()
        && !profile.purposes().get().contains(needed.get())) {
      return Optional.of("its extended key usage does not name " + needed.get());
    }
    return refuseAny(leaf, at, rules);
  }

  /**
   * The rules for a CA certificate.
   *
   * @param below how many CA certificates are between it and the leaf
   */
  static Optional<String> refuseCa(
      TpmCertificate ca, Purpose purpose, int below, Instant at, Rules rules) {
    CertificateProfile profile = ca.profile();
    if (!profile.ca().orElse(false)) {
      return Optional.of("it is no CA certificate");
    }
    if (!profile.allows(KeyUsage.keyCertSign)) {
      return Optional.of("its key usage does not let it sign certificates");
    }
    if (profile.pathLength().isPresent() && profile.pathLength().getAsInt() < below) {
      return Optional.of(
          "it allows " + profile.pathLength().getAsInt() + " CAs below it, not " + below);
    }
    if (profile.nameConstrained()) {
      return Optional.of("it has name constraints, which are not supported");
    }
    if (purpose.extendedUsage().isPresent()
        && profile.purposes().isPresent()
        && !profile.purposes().get().contains(purpose.extendedUsage().get())
        && !profile.purposes().get().contains(KeyPurposeId.anyExtendedKeyUsage.getId())) {
      return Optional.of("its extended key usage is not for a " + purpose.words());
    }
    return refuseAny(ca, at, rules);
  }

  private static Optional<String> refuseAny(TpmCertificate certificate, Instant at, Rules rules) {
    Set<String> unknown = new LinkedHashSet<>(certificate.profile().critical());
    unknown.removeAll(UNDERSTOOD);
    if (!unknown.isEmpty()) {
      return Optional.of("it has a critical extension that is not understood: " + unknown);
    }
    if (at.isBefore(certificate.notBefore())) {
      return Optional.of("it is not valid before " + certificate.notBefore());
    }
    if (at.isAfter(certificate.notAfter()) && !rules.expiredAllowed()) {
      return Optional.of("it expired on " + certificate.notAfter());
    }
    return Optional.empty();
  }
}
