package io.limestone.policy;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/** The EC key that an operator gives to verify signed policies with. */
public final class PolicyKey {
  private static final int MAX_PEM = 64 * 1024;

  private PolicyKey() {}

  /**
   * The key of a PEM {@code PUBLIC KEY}, or of a PEM {@code CERTIFICATE}, of which nothing but the
   * key is believed.
   *
   * @throws MalformedException if it is not an elliptic curve key
   */
  public static PublicKey parse(Bytes pem) {
    if (pem.size() > MAX_PEM) {
      throw new MalformedException("longer than " + MAX_PEM + " bytes");
    }
    String text = new String(pem.toArray(), StandardCharsets.US_ASCII);
    PublicKey key = text.contains("BEGIN CERTIFICATE") ? ofCertificate(text) : ofPublicKey(text);
    if (!(key instanceof ECPublicKey)) {
      throw new MalformedException("Only elliptic curve keys are supported");
    }
    return key;
  }

  private static PublicKey ofPublicKey(String text) {
    byte[] der = der(text, "PUBLIC KEY");
    try {
      return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    } catch (InvalidKeySpecException e) {
      throw new MalformedException("Only elliptic curve keys are supported", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PublicKey ofCertificate(String text) {
    byte[] der = der(text, "CERTIFICATE");
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(der))
          .getPublicKey();
    } catch (CertificateException e) {
      throw new MalformedException("not a certificate", e);
    }
  }

  private static byte[] der(String text, String label) {
    String begin = "-----BEGIN " + label + "-----";
    int from = text.indexOf(begin);
    int to = from < 0 ? -1 : text.indexOf("-----END " + label + "-----", from + begin.length());
    if (to < 0) {
      throw new MalformedException("not a PEM " + label);
    }
    try {
      return Base64.getDecoder()
          .decode(text.substring(from + begin.length(), to).replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      throw new MalformedException("not a PEM " + label, e);
    }
  }
}
