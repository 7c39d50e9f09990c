package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.wire.Json;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** File signatures of versions 2 and 3, by keys of both kinds. */
class ImaSignatureTest {
  private static final byte[] CONTENT = {1, 2, 3};
  private static final int DIGSIG = 3;
  private static final int VERITY = 6;
  private static final int SHA256 = 4;

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC"})
  void version3IsOverTheFileIdOfItsKindOfDigest(String kind) throws GeneralSecurityException {
    KeyPair key = key(kind);
    VerificationKeys keys = keys(key);
    byte[] digest = FileDigest.SHA256.of(CONTENT).orElseThrow();
    byte[] file = version3(key, DIGSIG, digest);
    byte[] verity = version3(key, VERITY, digest);
    assertThat(verifies(keys, file, digest, false)).isTrue();
    assertThat(verifies(keys, verity, digest, true)).isTrue();
    assertThat(verifies(keys, file, digest, true)).as("of a file, for a verity digest").isFalse();
    assertThat(verifies(keys, verity, digest, false)).as("of verity, for a file").isFalse();
    byte[] other = digest.clone();
    other[0] ^= 1;
    assertThat(verifies(keys, file, other, false)).isFalse();
    byte[] relabelled = verity.clone();
    relabelled[0] = DIGSIG;
    assertThat(verifies(keys, relabelled, digest, false)).as("the type is signed").isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC"})
  void version2IsOverTheFilesDigestAndNeverOverVeritys(String kind)
      throws GeneralSecurityException {
    KeyPair key = key(kind);
    VerificationKeys keys = keys(key);
    byte[] digest = FileDigest.SHA256.of(CONTENT).orElseThrow();
    byte[] signature = field(key, DIGSIG, 2, sign(key, CONTENT));
    assertThat(verifies(keys, signature, digest, false)).isTrue();
    assertThat(verifies(keys, signature, digest, true)).isFalse();
    signature[1] = 3;
    assertThat(verifies(keys, signature, digest, false)).as("2 is not 3").isFalse();
  }

  @Test
  void headersThatAreNotKnownVerifyNothing() throws GeneralSecurityException {
    KeyPair key = key("EC");
    VerificationKeys keys = keys(key);
    byte[] digest = FileDigest.SHA256.of(CONTENT).orElseThrow();
    byte[] good = field(key, DIGSIG, 2, sign(key, CONTENT));
    for (int[] change :
        new int[][] {{0, 1}, {0, 6}, {1, 1}, {1, 4}, {2, 1}, {2, 2}, {2, 99}, {3, 0}, {8, 0}}) {
      byte[] bad = good.clone();
      bad[change[0]] = (byte) (change[0] == 3 ? bad[3] ^ 1 : change[1]);
      assertThat(verifies(keys, bad, digest, false)).as("byte %d", change[0]).isFalse();
    }
    assertThat(verifies(keys, new byte[8], digest, false)).isFalse();
  }

  private static boolean verifies(
      VerificationKeys keys, byte[] signature, byte[] digest, boolean verity) {
    return keys.verify(Span.of(signature), FileDigest.SHA256, Span.of(digest), verity);
  }

  private static byte[] version3(KeyPair key, int type, byte[] digest)
      throws GeneralSecurityException {
    ByteArrayOutputStream fileId = new ByteArrayOutputStream();
    fileId.write(type);
    fileId.write(SHA256);
    fileId.writeBytes(digest);
    return field(key, type, 3, sign(key, fileId.toByteArray()));
  }

  private static byte[] field(KeyPair key, int type, int version, byte[] signature) {
    ByteArrayOutputStream field = new ByteArrayOutputStream();
    long id = ImaKey.ofSubjectPublicKeyInfo(key.getPublic().getEncoded()).orElseThrow().id();
    field.writeBytes(new byte[] {(byte) type, (byte) version, SHA256});
    for (int shift = 24; shift >= 0; shift -= 8) {
      field.write((int) (id >> shift));
    }
    field.write(signature.length >> 8);
    field.write(signature.length);
    field.writeBytes(signature);
    return field.toByteArray();
  }

  private static byte[] sign(KeyPair key, byte[] content) throws GeneralSecurityException {
    boolean rsa = key.getPrivate().getAlgorithm().equals("RSA");
    Signature signer = Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSA");
    signer.initSign(key.getPrivate());
    signer.update(content);
    return signer.sign();
  }

  private static KeyPair key(String kind) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    generator.initialize(kind.equals("RSA") ? 2048 : 256);
    return generator.generateKeyPair();
  }

  private static VerificationKeys keys(KeyPair key) {
    return VerificationKeys.parse(
        Json.text(
            Map.of(
                "keyids",
                List.of(0),
                "pubkeys",
                List.of(Base64.getEncoder().encodeToString(key.getPublic().getEncoded())))));
  }
}
