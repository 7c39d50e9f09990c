package io.limestone.appraisal.endorsement;

import io.limestone.wire.Bytes;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes certificates, sound and unsound. */
final class TestCertificates {
  static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  private static final KeyPair ANYONE = rsa();

  private final X500Name subject;
  private X500Name issuer;
  private PublicKey key;
  private KeyPair signer;
  private Instant notBefore = NOW.minusSeconds(1000);
  private Instant notAfter = NOW.plusSeconds(1000);
  private String algorithm = "SHA256withRSA";
  private final List<Added> added = new ArrayList<>();

  private record Added(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {}

  private TestCertificates(String subject, PublicKey key, KeyPair signer) {
    this.subject = new X500Name(subject);
    this.issuer = this.subject;
    this.key = key;
    this.signer = signer;
  }

  /** A self-signed CA certificate to begin with. */
  static TestCertificates ca(String subject, KeyPair pair) {
    return plain(subject, pair).with(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
  }

  /** A self-signed certificate that says nothing of its use. */
  static TestCertificates plain(String subject, KeyPair pair) {
    return new TestCertificates(subject, pair.getPublic(), pair);
  }

  /** An EK certificate to begin with: no subject. */
  static TestCertificates leaf(PublicKey key) {
    return new TestCertificates("", key, ANYONE);
  }

  TestCertificates by(String name, KeyPair issuerKey) {
    issuer = new X500Name(name);
    signer = issuerKey;
    return this;
  }

  TestCertificates with(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
    added.add(new Added(oid, critical, value));
    return this;
  }

  TestCertificates pathLength(int length) {
    return with(Extension.basicConstraints, true, new BasicConstraints(length));
  }

  TestCertificates isCa() {
    return with(Extension.basicConstraints, true, new BasicConstraints(true));
  }

  TestCertificates valid(Instant from, Instant to) {
    notBefore = from;
    notAfter = to;
    return this;
  }

  TestCertificates key(PublicKey other) {
    key = other;
    return this;
  }

  TestCertificates algorithm(String name) {
    algorithm = name;
    return this;
  }

  Bytes der() {
    try {
      X509v3CertificateBuilder builder =
          new X509v3CertificateBuilder(
              issuer,
              BigInteger.TWO,
              Date.from(notBefore),
              Date.from(notAfter),
              subject,
              SubjectPublicKeyInfo.getInstance(key.getEncoded()));
      for (Added extension : added) {
        builder.addExtension(extension.oid, extension.critical, extension.value);
      }
      return Bytes.of(
          builder
              .build(new JcaContentSignerBuilder(algorithm).build(signer.getPrivate()))
              .getEncoded());
    } catch (IOException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
  }

  TpmCertificate make() {
    return TpmCertificate.parse(der());
  }

  static KeyPair rsa() {
    return pair("RSA", 2048);
  }

  static KeyPair pair(String kind, int size) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
      generator.initialize(size);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  static Bytes file(String name) {
    try {
      return Bytes.of(
          Files.readAllBytes(Path.of(System.getProperty("limestone.testdata"), "ek-certs", name)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
