package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.MalformedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.bcpg.ArmoredOutputStream;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;
import org.junit.jupiter.api.Test;

class RepositoryKeysTest {
  private static final byte[] CONTENT = Archives.bytes("<repomd/>");

  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  private static PGPKeyPair openPgp() throws PGPException {
    Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
    generator.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
    return new BcPGPKeyPair(
        PublicKeyPacket.VERSION_4,
        PublicKeyAlgorithmTags.EDDSA_LEGACY,
        generator.generateKeyPair(),
        new Date());
  }

  private static byte[] armoured(PGPKeyPair pair) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ArmoredOutputStream armour = ArmoredOutputStream.builder().build(out)) {
      pair.getPublicKey().encode(armour);
    }
    return out.toByteArray();
  }

  private static byte[] signature(PGPKeyPair pair, int hash) throws PGPException, IOException {
    PGPSignatureGenerator generator =
        new PGPSignatureGenerator(
            new BcPGPContentSignerBuilder(pair.getPublicKey().getAlgorithm(), hash),
            pair.getPublicKey());
    generator.init(PGPSignature.BINARY_DOCUMENT, pair.getPrivateKey());
    generator.update(CONTENT);
    return generator.generate().getEncoded();
  }

  @Test
  void anOpenPgpSignatureCountsOnlyByTheRightKeyOverTheRightContent() throws Exception {
    PGPKeyPair pair = openPgp();
    RepositoryKeys keys = new RepositoryKeys().add(armoured(pair));
    byte[] good = signature(pair, HashAlgorithmTags.SHA256);
    assertThat(keys.verify(CONTENT, good)).isTrue();
    assertThat(keys.verify(Archives.bytes("<other/>"), good)).isFalse();
    assertThat(keys.verify(CONTENT, signature(openPgp(), HashAlgorithmTags.SHA256))).isFalse();
    assertThat(new RepositoryKeys().verify(CONTENT, good)).isFalse();
    assertThat(keys.verify(CONTENT, new byte[] {1, 2, 3})).isFalse();
  }

  @Test
  void aWeakHashDoesNotCount() throws Exception {
    PGPKeyPair pair = openPgp();
    assertThat(
            new RepositoryKeys()
                .add(armoured(pair))
                .verify(CONTENT, signature(pair, HashAlgorithmTags.SHA1)))
        .isFalse();
  }

  @Test
  void anEllipticCurveKeyAsKeylimeTakesIt() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("EC").generateKeyPair();
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(pair.getPrivate());
    signer.update(CONTENT);
    byte[] signature = signer.sign();
    RepositoryKeys keys =
        new RepositoryKeys()
            .add(
                Archives.bytes(
                    "-----BEGIN PUBLIC KEY-----\n"
                        + Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded())
                        + "\n-----END PUBLIC KEY-----\n"));
    assertThat(keys.verify(CONTENT, signature)).isTrue();
    assertThat(keys.verify(Archives.bytes("other"), signature)).isFalse();
  }

  @Test
  void whatIsNoKeyIsRefused() {
    for (String text :
        new String[] {"", "hello", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----"}) {
      assertThatThrownBy(() -> new RepositoryKeys().add(Archives.bytes(text)))
          .isInstanceOf(MalformedException.class);
    }
  }
}
