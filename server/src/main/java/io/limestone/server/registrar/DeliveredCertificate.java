package io.limestone.server.registrar;

import io.limestone.tpm.EccCurve;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.nist.NISTNamedCurves;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * A certificate as a node delivered it. TPM vendors have shipped certificates that are BER and not
 * DER, or carry bytes behind their end; they are read tolerantly, and kept as they came.
 */
final class DeliveredCertificate {
  private final Certificate certificate;
  private final boolean strict;

  private DeliveredCertificate(Certificate certificate, boolean strict) {
    this.certificate = certificate;
    this.strict = strict;
  }

  /**
   * Reads a certificate.
   *
   * @throws MalformedException if it is none in any dialect
   */
  static DeliveredCertificate parse(Bytes bytes) {
    byte[] raw = bytes.toArray();
    try (org.bouncycastle.asn1.ASN1InputStream in =
        new org.bouncycastle.asn1.ASN1InputStream(raw, true)) {
      ASN1Primitive structure = in.readObject();
      if (structure == null) {
        throw new MalformedException("not a certificate");
      }
      boolean strict = Arrays.equals(structure.getEncoded(ASN1Encoding.DER), raw);
      return new DeliveredCertificate(Certificate.getInstance(structure), strict);
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw new MalformedException("not a certificate", e);
    }
  }

  /** Whether its bytes are DER and nothing else. */
  boolean isStrict() {
    return strict;
  }

  /** Whether it is about this very key (T1). */
  boolean isFor(TpmtPublic key) {
    SubjectPublicKeyInfo info = certificate.getSubjectPublicKeyInfo();
    ASN1ObjectIdentifier algorithm = info.getAlgorithm().getAlgorithm();
    try {
      return switch (key.key()) {
        case PublicKeyArea.Rsa rsa -> isRsa(algorithm) && sameRsa(info, rsa);
        case PublicKeyArea.Ecc ecc ->
            algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey) && sameEcc(info, ecc);
      };
    } catch (IOException | IllegalArgumentException e) {
      throw new MalformedException("the certificate's key can't be read", e);
    }
  }

  /** Some EK certificates name the key by what it is for. */
  private static boolean isRsa(ASN1ObjectIdentifier algorithm) {
    return algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)
        || algorithm.equals(PKCSObjectIdentifiers.id_RSAES_OAEP);
  }

  private static boolean sameRsa(SubjectPublicKeyInfo info, PublicKeyArea.Rsa rsa)
      throws IOException {
    RSAPublicKey certified = RSAPublicKey.getInstance(info.parsePublicKey());
    long exponent = rsa.exponent() == 0 ? 65537 : rsa.exponent();
    return certified.getModulus().equals(new BigInteger(1, rsa.modulus().toArray()))
        && certified.getPublicExponent().equals(BigInteger.valueOf(exponent));
  }

  private static boolean sameEcc(SubjectPublicKeyInfo info, PublicKeyArea.Ecc ecc) {
    EccCurve curve = ecc.curve();
    ASN1ObjectIdentifier certifiedCurve =
        ASN1ObjectIdentifier.getInstance(info.getAlgorithm().getParameters());
    if (!certifiedCurve.equals(NISTNamedCurves.getOID("P-" + curve.bits()))) {
      return false;
    }
    byte[] point = info.getPublicKeyData().getOctets();
    if (point.length != 1 + 2 * curve.size() || point[0] != 4) {
      return false;
    }
    return coordinate(point, 1, curve).equals(new BigInteger(1, ecc.x().toArray()))
        && coordinate(point, 1 + curve.size(), curve).equals(new BigInteger(1, ecc.y().toArray()));
  }

  private static BigInteger coordinate(byte[] point, int from, EccCurve curve) {
    return new BigInteger(1, point, from, curve.size());
  }
}
