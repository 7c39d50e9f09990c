package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.RepositoryKeys.Verdict;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyPacket;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.crypto.generators.Ed25519KeyPairGenerator;
import org.bouncycastle.crypto.params.Ed25519KeyGenerationParameters;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPKeyRingGenerator;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketGenerator;
import org.bouncycastle.openpgp.PGPSignatureSubpacketVector;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPDigestCalculatorProvider;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;
import org.junit.jupiter.api.Test;

class RepositoryKeysTest {
  private static final byte[] CONTENT = Archives.bytes("<repomd/>");

  private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);

  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  private PGPKeyPair openPgp() throws PGPException {
    Ed25519KeyPairGenerator generator = new Ed25519KeyPairGenerator();
    generator.init(new Ed25519KeyGenerationParameters(new SecureRandom()));
    return new BcPGPKeyPair(
        PublicKeyPacket.VERSION_4,
        PublicKeyAlgorithmTags.EDDSA_LEGACY,
        generator.generateKeyPair(),
        Date.from(now.minusSeconds(1000)));
  }

  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  private PGPSignatureSubpacketVector flags(int flags) {
    PGPSignatureSubpacketGenerator hashed = new PGPSignatureSubpacketGenerator();
    hashed.setSignatureCreationTime(false, Date.from(now.minusSeconds(900)));
    hashed.setKeyFlags(true, flags);
    return hashed.generate();
  }

  /** A certificate that says that another's key is its subkey; with that key's consent, or not. */
  private byte[] certificate(PGPKeyPair subkey, boolean consent, int hash) throws Exception {
    PGPKeyPair primary = openPgp();
    PGPKeyRingGenerator ring =
        new PGPKeyRingGenerator(
            PGPSignature.POSITIVE_CERTIFICATION,
            primary,
            "x",
            new BcPGPDigestCalculatorProvider().get(HashAlgorithmTags.SHA1),
            flags(KeyFlags.CERTIFY_OTHER),
            null,
            new BcPGPContentSignerBuilder(PublicKeyAlgorithmTags.EDDSA_LEGACY, hash),
            null);
    PGPSignatureSubpacketVector hashed = flags(KeyFlags.SIGN_DATA);
    if (consent) {
      ring.addSubKey(
          subkey,
          hashed,
          null,
          new BcPGPContentSignerBuilder(
              PublicKeyAlgorithmTags.EDDSA_LEGACY, HashAlgorithmTags.SHA256));
    } else {
      ring.addSubKey(subkey, hashed, null);
    }
    return ring.generatePublicKeyRing().getEncoded();
  }

  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  private byte[] signature(PGPKeyPair pair) throws PGPException, IOException {
    PGPSignatureGenerator generator =
        new PGPSignatureGenerator(
            new BcPGPContentSignerBuilder(
                pair.getPublicKey().getAlgorithm(), HashAlgorithmTags.SHA256),
            pair.getPublicKey());
    generator.init(PGPSignature.BINARY_DOCUMENT, pair.getPrivateKey());
    PGPSignatureSubpacketGenerator hashed = new PGPSignatureSubpacketGenerator();
    hashed.setSignatureCreationTime(false, Date.from(now));
    generator.setHashedSubpackets(hashed.generate());
    PGPSignatureSubpacketGenerator hint = new PGPSignatureSubpacketGenerator();
    hint.setIssuerKeyID(false, pair.getKeyID());
    generator.setUnhashedSubpackets(hint.generate());
    generator.update(CONTENT);
    return generator.generate().getEncoded();
  }

  /** Else what another has signed would seem to be signed by the certificate's owner. */
  @Test
  void aKeyThatDidNotAgreeToBeASubkeyIsNone() throws Exception {
    PGPKeyPair subkey = openPgp();
    byte[] signature = signature(subkey);
    assertThat(
            new RepositoryKeys()
                .add(certificate(subkey, true, HashAlgorithmTags.SHA256))
                .verify(CONTENT, signature, now))
        .isInstanceOf(Verdict.By.class);
    assertThat(
            new RepositoryKeys()
                .add(certificate(subkey, false, HashAlgorithmTags.SHA256))
                .verify(CONTENT, signature, now))
        .isInstanceOfSatisfying(
            Verdict.Nobody.class,
            nobody -> assertThat(nobody.why()).contains("belongs to its primary key"));
  }

  /** The operator trusts the primary key; a subkey is what a collision could add to it. */
  @Test
  void aSubkeyIsNotBoundByAWeakHash() throws Exception {
    PGPKeyPair subkey = openPgp();
    byte[] certificate = certificate(subkey, true, HashAlgorithmTags.SHA1);
    assertThat(new RepositoryKeys().add(certificate).verify(CONTENT, signature(subkey), now))
        .isInstanceOfSatisfying(
            Verdict.Nobody.class,
            nobody -> assertThat(nobody.why()).contains("its binding does not count", "SHA-1"));
  }

  /** A bare key says neither what it is for nor how long. */
  @Test
  void aKeyThatSaysNothingOfItselfIsRefused() throws Exception {
    PGPKeyPair pair = openPgp();
    assertThat(
            new RepositoryKeys()
                .add(pair.getPublicKey().getEncoded())
                .verify(CONTENT, signature(pair), now))
        .isInstanceOfSatisfying(
            Verdict.Nobody.class,
            nobody -> assertThat(nobody.why()).contains("no signature by itself"));
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
    assertThat(keys.verify(CONTENT, signature, now)).isInstanceOf(Verdict.By.class);
    assertThat(keys.verify(Archives.bytes("other"), signature, now))
        .isInstanceOf(Verdict.Nobody.class);
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
