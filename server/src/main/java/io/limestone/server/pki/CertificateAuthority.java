package io.limestone.server.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Issues certificates: EC P-256 keys, SHA-256, random serial numbers. A certificate is for a server
 * or for a client, never for both: a server's key does not make an administrator.
 */
public final class CertificateAuthority {
  private static final Duration CA_LIFETIME = Duration.ofDays(3650);
  private static final Duration LIFETIME = Duration.ofDays(730);

  /** Clocks of other machines may be behind. */
  private static final Duration BACKDATED = Duration.ofHours(1);

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

  private final X509Certificate certificate;
  private final PrivateKey key;
  private final InstantSource clock;
  private final SecureRandom random;

  /** What a certificate is good for. */
  public enum Purpose {
    SERVER,
    CLIENT;

    private KeyPurposeId id() {
      return this == SERVER ? KeyPurposeId.id_kp_serverAuth : KeyPurposeId.id_kp_clientAuth;
    }
  }

  CertificateAuthority(
      X509Certificate certificate, PrivateKey key, InstantSource clock, SecureRandom random) {
    this.certificate = certificate;
    this.key = key;
    this.clock = clock;
    this.random = random;
  }

  /** A new self-signed authority. */
  static CertificateAuthority create(KeyPair pair, InstantSource clock, SecureRandom random) {
    byte[] mark = new byte[4];
    random.nextBytes(mark);
    String name = "CN=Limestone CA " + io.limestone.wire.Encoding.hex(mark) + ",O=Limestone";
    X500Name subject = X500Name.getInstance(new X500Principal(name).getEncoded());
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      Instant now = clock.instant();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  subject,
                  serial(random),
                  Date.from(now.minus(BACKDATED)),
                  Date.from(now.plus(CA_LIFETIME)),
                  subject,
                  pair.getPublic())
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
              .addExtension(
                  Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
              .addExtension(
                  Extension.subjectKeyIdentifier,
                  false,
                  ids.createSubjectKeyIdentifier(pair.getPublic()))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  ids.createAuthorityKeyIdentifier(pair.getPublic()));
      return new CertificateAuthority(
          sign(builder, pair.getPrivate()), pair.getPrivate(), clock, random);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("making a CA certificate", e);
    }
  }

  X509Certificate certificate() {
    return certificate;
  }

  /**
   * A certificate for a key.
   *
   * @param names DNS names and IP addresses, for the subject alternative name
   */
  X509Certificate issue(
      Purpose purpose, String commonName, List<String> names, PublicKey publicKey) {
    Instant now = clock.instant();
    Instant end = now.plus(LIFETIME);
    Instant caEnd = certificate.getNotAfter().toInstant();
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
                  serial(random),
                  Date.from(now.minus(BACKDATED)),
                  Date.from(end.isAfter(caEnd) ? caEnd : end),
                  new org.bouncycastle.asn1.x500.X500NameBuilder()
                      .addRDN(org.bouncycastle.asn1.x500.style.BCStyle.CN, commonName)
                      .build(),
                  publicKey)
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
              .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
              .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose.id()))
              .addExtension(
                  Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(publicKey))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  ids.createAuthorityKeyIdentifier(certificate));
      if (!names.isEmpty()) {
        GeneralName[] general =
            names.stream().distinct().map(CertificateAuthority::name).toArray(GeneralName[]::new);
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(general));
      }
      return sign(builder, key);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("making a certificate", e);
    }
  }

  /** A new key pair. */
  static KeyPair newKey(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("P-256 is part of every JDK", e);
    }
  }

  private static GeneralName name(String name) {
    return new GeneralName(
        ADDRESS.matcher(name).matches() ? GeneralName.iPAddress : GeneralName.dNSName, name);
  }

  private static BigInteger serial(SecureRandom random) {
    return new BigInteger(127, random).setBit(126);
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(key)));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
  }
}
