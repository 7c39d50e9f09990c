package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import io.limestone.wire.Secret;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/**
 * The agent's RSA key under which U and V travel (pull-protocol.md section 5.2): RSAES-OAEP with
 * SHA-1 for hash and MGF1, empty label. The key is bound into PCR 16 by the exact text of its PEM,
 * so that text is kept as delivered and never re-encoded.
 */
public final class TransportKey {
  private static final OAEPParameterSpec OAEP_SHA1 =
      new OAEPParameterSpec("SHA-1", "MGF1", MGF1ParameterSpec.SHA1, PSource.PSpecified.DEFAULT);

  private TransportKey() {}

  /**
   * The key of a PEM text as an agent delivers it.
   *
   * @throws MalformedException if it is no RSA key of 2048 to 4096 bits with a sound exponent
   */
  public static RSAPublicKey parse(String pem) {
    List<Pem.Block> blocks = Pem.strict(pem, 1);
    if (!blocks.getFirst().label().equals("PUBLIC KEY")) {
      throw new MalformedException("pubkey is no PUBLIC KEY");
    }
    try {
      if (KeyFactory.getInstance("RSA")
              .generatePublic(new X509EncodedKeySpec(blocks.getFirst().content().toArray()))
          instanceof RSAPublicKey key) {
        int bits = key.getModulus().bitLength();
        if (bits < 2048
            || bits > 4096
            || key.getPublicExponent().bitLength() < 2
            || key.getPublicExponent().bitLength() > 64
            || !key.getPublicExponent().testBit(0)) {
          throw new MalformedException("pubkey is not RSA of 2048 to 4096 bits");
        }
        return key;
      }
      throw new MalformedException("pubkey is not an RSA key");
    } catch (GeneralSecurityException e) {
      throw new MalformedException("pubkey is not an RSA key", e);
    }
  }

  public static Bytes wrap(RSAPublicKey key, Secret half) {
    byte[] clear = half.reveal();
    try {
      Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
      cipher.init(Cipher.ENCRYPT_MODE, key, OAEP_SHA1);
      return Bytes.of(cipher.doFinal(clear));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("RSA-OAEP failed under a key that was accepted", e);
    } finally {
      Encoding.wipe(clear);
    }
  }

  /**
   * The half inside, 16 or 32 bytes.
   *
   * @throws MalformedException if it was not encrypted to this key or has another size
   */
  public static Secret unwrap(PrivateKey key, Bytes encrypted) {
    byte[] clear;
    try {
      Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
      cipher.init(Cipher.DECRYPT_MODE, key, OAEP_SHA1);
      clear = cipher.doFinal(encrypted.toArray());
    } catch (GeneralSecurityException e) {
      throw new MalformedException("Failed to decrypt encrypted_key", e);
    }
    try {
      return BootstrapKey.checkSize(Secret.of(clear));
    } finally {
      Encoding.wipe(clear);
    }
  }
}
