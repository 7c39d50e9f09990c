package io.limestone.appraisal.endorsement;

import java.util.Optional;
import org.bouncycastle.asn1.x509.KeyUsage;

/** What a TPM's certificate is for, and which key usage and extended key usage that takes. */
public enum Purpose {
  /** Endorsement key: decrypts. Its extKeyUsage, if there, has tcg-kp-EKCertificate. */
  EK(
      "EK certificate",
      KeyUsage.keyEncipherment | KeyUsage.keyAgreement | KeyUsage.dataEncipherment,
      Optional.of("2.23.133.8.1")),
  /** Initial attestation key: signs. */
  IAK("IAK certificate", KeyUsage.digitalSignature | KeyUsage.nonRepudiation, Optional.empty()),
  /** Initial device identity: signs. */
  IDEVID(
      "IDevID certificate", KeyUsage.digitalSignature | KeyUsage.nonRepudiation, Optional.empty());

  private final String words;
  private final int usage;
  private final Optional<String> extendedUsage;

  Purpose(String words, int usage, Optional<String> extendedUsage) {
    this.words = words;
    this.usage = usage;
    this.extendedUsage = extendedUsage;
  }

  /** For messages. */
  public String words() {
    return words;
  }

  /** Any of these bits of {@link KeyUsage} will do: vendors differ. */
  int usage() {
    return usage;
  }

  Optional<String> extendedUsage() {
    return extendedUsage;
  }
}
