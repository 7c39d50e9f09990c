package io.limestone.testkit;

import io.limestone.wire.Bytes;
import io.limestone.wire.Pem;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A TPM vendor's certificate authority: a root, an intermediate, and certificates for endorsement
 * keys in the form of the TCG EK Credential Profile 2.5: empty subject, critical directory name of
 * manufacturer, model and version, the EK certificate's key purpose.
 */
public final class TestCa {
  private static final Duration LONG = Duration.ofDays(3650);
  private static final String TCG = "2.23.133";
  private static final ASN1ObjectIdentifier MANUFACTURER = oid("2.1");
  private static final ASN1ObjectIdentifier MODEL = oid("2.2");
  private static final ASN1ObjectIdentifier VERSION = oid("2.3");
  private static final ASN1ObjectIdentifier TPM_SPECIFICATION = oid("2.16");
  private static final ASN1ObjectIdentifier EK_CERTIFICATE = oid("8.1");

  private final String name;
  private final Instant now;
  private final AtomicLong serial = new AtomicLong(1);
  private final KeyPair rootKey;
  private final KeyPair intermediateKey;
  private final X509Certificate root;
  private final X509Certificate intermediate;

  /** An authority of this name whose certificates are valid around {@code now}. */
  public TestCa(String name, Instant now) {
    this.name = name;
    this.now = now;
    this.rootKey = KeyKind.ECC256.generate();
    this.intermediateKey = KeyKind.ECC256.generate();
    this.root = authority(cn("Root"), rootKey.getPublic(), cn("Root"), rootKey);
    this.intermediate =
        authority(cn("Intermediate"), intermediateKey.getPublic(), cn("Root"), rootKey);
  }

  public X509Certificate root() {
    return root;
  }

  public X509Certificate intermediate() {
    return intermediate;
  }

  /** An EK certificate and the intermediate's. */
  public List<X509Certificate> endorse(PublicKey ek) {
    return List.of(ekCertificate(ek), intermediate);
  }

  public X509Certificate ekCertificate(PublicKey ek) {
    return ekCertificate(ek, now.minus(Duration.ofDays(1)), now.plus(LONG));
  }

  /** An EK certificate for any period: expired, not yet valid. */
  public X509Certificate ekCertificate(PublicKey ek, Instant from, Instant to) {
    X509v3CertificateBuilder builder =
        builder(cn("Intermediate"), new X500Name("") /* as the profile wants it */, ek, from, to);
    X500Name tpm =
        new X500NameBuilder()
            .addRDN(MANUFACTURER, new DERUTF8String("id:4C494D45"))
            .addRDN(MODEL, new DERUTF8String("Limestone test TPM"))
            .addRDN(VERSION, new DERUTF8String("id:00010000"))
            .build();
    boolean rsa = ek.getAlgorithm().equals("RSA");
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
          .addExtension(
              Extension.keyUsage,
              true,
              new KeyUsage(rsa ? KeyUsage.keyEncipherment : KeyUsage.keyAgreement))
          .addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(KeyPurposeId.getInstance(EK_CERTIFICATE)))
          .addExtension(
              Extension.subjectAlternativeName, true, new GeneralNames(new GeneralName(tpm)))
          .addExtension(Extension.subjectDirectoryAttributes, false, specification());
    } catch (CertIOException e) {
      throw new IllegalStateException(e);
    }
    return sign(builder, intermediateKey);
  }

  /** A device certificate (IAK, IDevID) with this subject. */
  public X509Certificate deviceCertificate(PublicKey key, String subject) {
    X509v3CertificateBuilder builder =
        builder(
            cn("Intermediate"),
            new X500Name(subject),
            key,
            now.minus(Duration.ofDays(1)),
            now.plus(LONG));
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    } catch (CertIOException e) {
      throw new IllegalStateException(e);
    }
    return sign(builder, intermediateKey);
  }

  /** PEM blocks one after another. */
  public static String pem(List<X509Certificate> certificates) {
    StringBuilder text = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      text.append(Pem.text(Pem.CERTIFICATE, der(certificate)));
    }
    return text.toString();
  }

  public static Bytes der(X509Certificate certificate) {
    try {
      return Bytes.of(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  private X509Certificate authority(
      X500Name subject, PublicKey key, X500Name issuer, KeyPair issuerKey) {
    X509v3CertificateBuilder builder =
        builder(issuer, subject, key, now.minus(LONG), now.plus(LONG));
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
          .addExtension(
              Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    } catch (CertIOException e) {
      throw new IllegalStateException(e);
    }
    return sign(builder, issuerKey);
  }

  private X509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, PublicKey key, Instant from, Instant to) {
    return new JcaX509v3CertificateBuilder(
        issuer,
        BigInteger.valueOf(serial.getAndIncrement()),
        Date.from(from),
        Date.from(to),
        subject,
        key);
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, KeyPair issuer) {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate())));
    } catch (OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** tPMSpecification: family 2.0, level 0, revision 1.59. */
  private static DERSequence specification() {
    ASN1EncodableVector specification = new ASN1EncodableVector();
    specification.add(new DERUTF8String("2.0"));
    specification.add(new ASN1Integer(0));
    specification.add(new ASN1Integer(159));
    ASN1EncodableVector attribute = new ASN1EncodableVector();
    attribute.add(TPM_SPECIFICATION);
    attribute.add(new DERSet(new DERSequence(specification)));
    return new DERSequence(new DERSequence(attribute));
  }

  private X500Name cn(String what) {
    return new X500Name("CN=" + name + " TPM EK " + what + " CA");
  }

  private static ASN1ObjectIdentifier oid(String arc) {
    return new ASN1ObjectIdentifier(TCG + "." + arc);
  }
}
