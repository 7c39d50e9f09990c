package io.limestone.appraisal.endorsement;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** The key in a certificate, of a size that verifying with it is no attack. */
final class CertificateKey {
  private static final int MIN_RSA = 2048;
  private static final int MAX_RSA = 8192;
  private static final int MAX_EXPONENT = 64;

  private CertificateKey() {}

  /**
   * An RSA key of 2048 to 8192 bits with an odd exponent above 1 and below 2^64, or a key on P-256,
   * P-384 or P-521. Endorsement keys say {@code rsaesOaep} where others say {@code rsaEncryption}.
   *
   * @throws MalformedException on any other key
   */
  static PublicKey of(SubjectPublicKeyInfo info) {
    ASN1ObjectIdentifier algorithm = info.getAlgorithm().getAlgorithm();
    try {
      if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)
          || algorithm.equals(PKCSObjectIdentifiers.id_RSAES_OAEP)
          || algorithm.equals(PKCSObjectIdentifiers.id_RSASSA_PSS)) {
        RSAPublicKey rsa = RSAPublicKey.getInstance(info.parsePublicKey());
        check(rsa.getModulus(), rsa.getPublicExponent());
        return KeyFactory.getInstance("RSA")
            .generatePublic(new RSAPublicKeySpec(rsa.getModulus(), rsa.getPublicExponent()));
      }
      if (algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
        return KeyFactory.getInstance("EC")
            .generatePublic(new X509EncodedKeySpec(info.getEncoded("DER")));
      }
    } catch (GeneralSecurityException | IOException e) {
      throw new MalformedException("the certificate's key is not usable", e);
    }
    throw new MalformedException("keys of algorithm " + algorithm + " are not supported");
  }

  private static void check(BigInteger modulus, BigInteger exponent) {
    if (modulus.signum() <= 0 || modulus.bitLength() < MIN_RSA || modulus.bitLength() > MAX_RSA) {
      throw new MalformedException(
          "RSA key of " + modulus.bitLength() + " bits, not " + MIN_RSA + " to " + MAX_RSA);
    }
    if (exponent.compareTo(BigInteger.ONE) <= 0
        || !exponent.testBit(0)
        || exponent.bitLength() > MAX_EXPONENT
        || !modulus.testBit(0)) {
      throw new MalformedException("RSA key whose modulus or exponent is no sound number");
    }
  }
}
