package io.limestone.tpm;

import io.limestone.wire.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import org.bouncycastle.crypto.signers.ECDSASigner;

/**
 * Verifies a TPM's signature over bytes. RSA is the JDK's; ECDSA is BouncyCastle's, which on P-256
 * is several times faster than the JDK's.
 */
final class SignatureVerifier {
  private SignatureVerifier() {}

  /**
   * Whether {@code signature} is the key's over {@code message}, in the signature's own scheme and
   * hash: that these are the key's is for the caller to check.
   */
  static boolean verify(PublicKeyArea key, TpmtSignature signature, Bytes message) {
    return switch (signature) {
      case TpmtSignature.Rsa rsa when key instanceof PublicKeyArea.Rsa rsaKey ->
          switch (rsa.alg()) {
            case RSASSA -> rsassa(rsaKey, rsa, message);
            case RSAPSS -> rsapss(rsaKey, rsa, message);
            case ECDSA -> false;
          };
      case TpmtSignature.Ecdsa ecdsa when key instanceof PublicKeyArea.Ecc eccKey ->
          ecdsa(eccKey, ecdsa, message);
      case TpmtSignature.Rsa rsa -> false;
      case TpmtSignature.Ecdsa ecdsa -> false;
    };
  }

  private static boolean rsassa(PublicKeyArea.Rsa key, TpmtSignature.Rsa rsa, Bytes message) {
    try {
      Signature verifier = Signature.getInstance(rsa.hash().jcaName().replace("-", "") + "withRSA");
      return verify(verifier, key, rsa, message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("RSASSA is missing from this Java runtime", e);
    }
  }

  /**
   * TPMs take a salt as long as the digest or, before FIPS 186-4 asked for that, as long as fits
   * (part 1, annex B.7). Both are sound; no other is accepted.
   */
  private static boolean rsapss(PublicKeyArea.Rsa key, TpmtSignature.Rsa rsa, Bytes message) {
    int digestSize = rsa.hash().size();
    int longestSalt = key.bits() / 8 - digestSize - 2;
    try {
      return rsapss(key, rsa, message, digestSize) || rsapss(key, rsa, message, longestSalt);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("RSASSA-PSS is missing from this Java runtime", e);
    }
  }

  private static boolean rsapss(
      PublicKeyArea.Rsa key, TpmtSignature.Rsa rsa, Bytes message, int saltSize)
      throws GeneralSecurityException {
    String hash = rsa.hash().jcaName();
    Signature verifier = Signature.getInstance("RSASSA-PSS");
    verifier.setParameter(
        new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), saltSize, 1));
    return verify(verifier, key, rsa, message);
  }

  private static boolean verify(
      Signature verifier, PublicKeyArea.Rsa key, TpmtSignature.Rsa rsa, Bytes message)
      throws GeneralSecurityException {
    verifier.initVerify(key.publicKey());
    verifier.update(message.toArray());
    try {
      return verifier.verify(rsa.signature().toArray());
    } catch (SignatureException e) {
      // The JDK throws on a signature of another length than the modulus: it is not the key's.
      return false;
    }
  }

  private static boolean ecdsa(
      PublicKeyArea.Ecc key, TpmtSignature.Ecdsa signature, Bytes message) {
    BigInteger r = new BigInteger(1, signature.r().toArray());
    BigInteger s = new BigInteger(1, signature.s().toArray());
    BigInteger n = key.curve().order();
    if (r.signum() == 0 || s.signum() == 0 || r.compareTo(n) >= 0 || s.compareTo(n) >= 0) {
      return false;
    }
    ECDSASigner verifier = new ECDSASigner();
    verifier.init(false, EccKeys.ready(key));
    return verifier.verifySignature(signature.hash().digest(message).toArray(), r, s);
  }
}
