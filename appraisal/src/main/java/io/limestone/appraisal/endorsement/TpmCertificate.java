package io.limestone.appraisal.endorsement;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * An X.509 certificate as it was found in a TPM or a trust folder. TPMs hold certificates with
 * padding behind them, with TPM 1.2's header of 7 bytes in front, and with encodings that are BER
 * but not DER; their bytes are kept as they came, and the signature is checked over them.
 */
public final class TpmCertificate {
  private static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_NAME_PARTS = 64;

  /** TPM 1.2's TCG_PCCLIENT_STORED_CERT: tag 0x1001, type 0, u16 size; then tag 0x1002. */
  private static final int STORED_HEADER = 7;

  private final Bytes received;
  private final Bytes encoded;
  private final Optional<String> flaw;
  private final X500Name subject;
  private final X500Name issuer;
  private final BigInteger serial;
  private final Instant notBefore;
  private final Instant notAfter;
  private final String subjectText;
  private final String issuerText;
  private final KeyRead key;
  private final CertificateProfile profile;
  private final CertificateSignature signature;

  /** The key, or why it cannot be used: a certificate with such a key can still be shown. */
  private sealed interface KeyRead {
    record Usable(PublicKey key) implements KeyRead {}

    record Unusable(MalformedException why) implements KeyRead {}

    static KeyRead of(SubjectPublicKeyInfo info) {
      try {
        return new Usable(CertificateKey.of(info));
      } catch (MalformedException e) {
        return new Unusable(e);
      }
    }
  }

  /** Reads everything at once: what BouncyCastle reads lazily could fail anywhere later. */
  private TpmCertificate(Bytes received, Bytes encoded, Bytes signed) throws IOException {
    Certificate certificate = Certificate.getInstance(encoded.toArray());
    this.received = received;
    this.encoded = encoded;
    this.flaw = flaw(received, encoded);
    this.subject = bounded(certificate.getSubject());
    this.issuer = bounded(certificate.getIssuer());
    this.serial = certificate.getSerialNumber().getValue();
    this.notBefore = certificate.getStartDate().getDate().toInstant();
    this.notAfter = certificate.getEndDate().getDate().toInstant();
    this.subjectText = printable(subject);
    this.issuerText = printable(issuer);
    this.key = KeyRead.of(certificate.getSubjectPublicKeyInfo());
    this.profile =
        certificate.getExtensions() == null
            ? CertificateProfile.NONE
            : CertificateProfile.of(certificate.getExtensions());
    if (!certificate
        .getSignatureAlgorithm()
        .equals(certificate.getTBSCertificate().getSignature())) {
      throw new MalformedException("certificate names two different signature algorithms");
    }
    this.signature =
        CertificateSignature.of(
            certificate.getSignatureAlgorithm(),
            signed,
            Bytes.of(certificate.getSignature().getOctets()));
  }

  /**
   * Reads a certificate.
   *
   * @throws MalformedException if it is none, or beyond any sound size
   */
  public static TpmCertificate parse(Bytes received) {
    if (received.size() > MAX_BYTES) {
      throw new MalformedException("certificate of more than " + MAX_BYTES + " bytes");
    }
    byte[] bytes = received.toArray();
    boolean stored =
        bytes.length > STORED_HEADER
            && bytes[0] == 0x10
            && bytes[1] == 0x01
            && bytes[5] == 0x10
            && bytes[6] == 0x02;
    byte[] body = stored ? Arrays.copyOfRange(bytes, STORED_HEADER, bytes.length) : bytes;
    DerShape.Element whole = DerShape.walk(ByteReader.bigEndian(body));
    if (whole.tag() != 0x30) {
      throw new MalformedException("not a certificate: no SEQUENCE");
    }
    Bytes encoded = Bytes.of(Arrays.copyOf(body, whole.end()));
    ByteReader inner = ByteReader.bigEndian(body);
    DerShape.header(inner);
    DerShape.Element tbs = DerShape.walk(inner);
    try {
      return new TpmCertificate(
          received, encoded, Bytes.of(Arrays.copyOfRange(body, tbs.start(), tbs.end())));
    } catch (MalformedException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // What BouncyCastle throws at hostile ASN.1 is not specified: any of it means the same here.
      throw new MalformedException("not a certificate: its fields do not parse", e);
    }
  }

  /** The bytes as they came, with header and padding. */
  public Bytes received() {
    return received;
  }

  /** The certificate proper. */
  public Bytes encoded() {
    return encoded;
  }

  /** In what way the bytes are not exactly the DER of one certificate, if so. */
  public Optional<String> flaw() {
    return flaw;
  }

  /** SHA-256 of {@link #encoded}, lower-case hex. */
  public String fingerprint() {
    return HashAlg.SHA256.digest(encoded).hex();
  }

  /** For people: control characters are escaped and what is long is cut. */
  public String subject() {
    return subjectText;
  }

  public String issuer() {
    return issuerText;
  }

  public BigInteger serial() {
    return serial;
  }

  public Instant notBefore() {
    return notBefore;
  }

  public Instant notAfter() {
    return notAfter;
  }

  /**
   * The key certified.
   *
   * @throws MalformedException if it is of a kind or size that is not supported
   */
  public PublicKey publicKey() {
    return switch (key) {
      case KeyRead.Usable usable -> usable.key();
      case KeyRead.Unusable unusable ->
          throw new MalformedException(unusable.why().getMessage(), unusable.why());
    };
  }

  /** Whether it certifies just this TPM key: the same numbers, however either is encoded. */
  public boolean certifies(TpmtPublic tpmKey) {
    return switch (publicKey()) {
      case RSAPublicKey rsa ->
          tpmKey.publicKey() instanceof RSAPublicKey other
              && rsa.getModulus().equals(other.getModulus())
              && rsa.getPublicExponent().equals(other.getPublicExponent());
      case ECPublicKey ec ->
          tpmKey.key() instanceof PublicKeyArea.Ecc
              && tpmKey.publicKey() instanceof ECPublicKey other
              && ec.getW().equals(other.getW())
              && ec.getParams().getCurve().equals(other.getParams().getCurve());
      default -> false;
    };
  }

  CertificateProfile profile() {
    return profile;
  }

  CertificateSignature signature() {
    return signature;
  }

  /** Whether {@code other} may have issued this one, by its name and key identifier. */
  boolean namesAsIssuer(TpmCertificate other) {
    return issuer.equals(other.subject) // compares as RFC 5280 does: case and blanks aside
        && (profile.issuerKeyId().isEmpty()
            || other.profile.keyId().isEmpty()
            || profile.issuerKeyId().equals(other.profile.keyId()));
  }

  /** Certificates are the same when their bytes are, padding apart. */
  @Override
  public boolean equals(Object other) {
    return other instanceof TpmCertificate certificate && encoded.equals(certificate.encoded);
  }

  @Override
  public int hashCode() {
    return encoded.hashCode();
  }

  @Override
  public String toString() {
    return subject() + " by " + issuer() + " #" + serial.toString(16);
  }

  private static Optional<String> flaw(Bytes received, Bytes encoded) throws IOException {
    byte[] der = ASN1Primitive.fromByteArray(encoded.toArray()).getEncoded(ASN1Encoding.DER);
    if (!Bytes.of(der).equals(encoded)) {
      return Optional.of("it is BER, but not DER");
    }
    return received.equals(encoded)
        ? Optional.empty()
        : Optional.of(
            (received.size() - encoded.size())
                + " bytes besides the certificate are stored with it");
  }

  private static X500Name bounded(X500Name name) {
    int parts = 0;
    for (RDN rdn : name.getRDNs()) {
      parts += rdn.size();
    }
    if (parts > MAX_NAME_PARTS) {
      throw new MalformedException("certificate: name of more than " + MAX_NAME_PARTS + " parts");
    }
    return name;
  }

  private static String printable(X500Name name) {
    String text = name.toString();
    return text.isEmpty() ? "(no name)" : Encoding.printable(text, 200);
  }
}
