package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Optional;

/**
 * A revocation message as it travels to webhooks and agents (pull-protocol.md section 6.1): a text,
 * and over exactly its UTF-8 bytes RSASSA-PSS with SHA-256, MGF1-SHA-256 and the longest salt that
 * fits. Without a revocation key the signature is the empty text.
 */
public record SignedNotice(String msg, Optional<Bytes> signature) {

  public static SignedNotice unsigned(RevocationNotice notice) {
    return new SignedNotice(notice.message(), Optional.empty());
  }

  /**
   * Signs.
   *
   * @param key RSA
   */
  public static SignedNotice sign(RevocationNotice notice, PrivateKey key) {
    String msg = notice.message();
    try {
      Signature pss = pss(key);
      pss.initSign(key);
      pss.update(msg.getBytes(StandardCharsets.UTF_8));
      return new SignedNotice(msg, Optional.of(Bytes.of(pss.sign())));
    } catch (GeneralSecurityException e) {
      throw new MalformedException("revocation key cannot sign", e);
    }
  }

  /** Whether it was signed by {@code key}, with the longest salt; without a signature: no. */
  public boolean verifies(PublicKey key) {
    if (signature.isEmpty()) {
      return false;
    }
    try {
      Signature pss = pss(key);
      pss.initVerify(key);
      pss.update(msg.getBytes(StandardCharsets.UTF_8));
      return pss.verify(signature.get().toArray());
    } catch (GeneralSecurityException e) {
      return false; // a signature of a wrong size, or a key of another kind, verifies nothing
    }
  }

  public static SignedNotice fromJson(JsonObject json) {
    Fields.require(json, "msg", "signature");
    json.string("signature");
    return new SignedNotice(json.string("msg"), Fields.base64(json, "signature"));
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("msg", msg)
        .put("signature", signature.map(Bytes::base64).orElse(""))
        .json();
  }

  private static Signature pss(java.security.Key key) throws GeneralSecurityException {
    if (!(key instanceof RSAKey rsa)) {
      throw new java.security.InvalidKeyException("not RSA");
    }
    int encoded = (rsa.getModulus().bitLength() - 1 + 7) / 8;
    int longestSalt = encoded - 32 - 2;
    if (longestSalt < 0) {
      throw new java.security.InvalidKeyException("RSA key too short");
    }
    Signature pss = Signature.getInstance("RSASSA-PSS");
    pss.setParameter(
        new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, longestSalt, 1));
    return pss;
  }
}
