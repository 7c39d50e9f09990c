package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.RepositoryKeys.Verdict;
import io.limestone.wire.MalformedException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.params.RSAKeyGenerationParameters;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPKeyRingGenerator;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPV3SignatureGenerator;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentSignerBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPGPDigestCalculatorProvider;
import org.bouncycastle.openpgp.operator.bc.BcPGPKeyPair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Keys and signatures of the real gpg: one that is good, and each way of not being. */
class OpenPgpAttacksTest {
  private static final Instant START = Instant.parse("2024-01-01T00:00:00Z");
  private static final Instant MARCH = Instant.parse("2024-03-01T00:00:00Z");
  private static final Instant YEARS_LATER = Instant.parse("2027-01-01T00:00:00Z");
  private static final byte[] CONTENT = Archives.bytes("<repomd/>\n");

  private static final byte[] NONE = {};

  private static Gpg gpg;
  private static String good;

  @BeforeAll
  static void keys() throws Exception {
    gpg = new Gpg(START);
    good = gpg.key("Good <good@example.org>", "ed25519", "sign", "never");
  }

  @AfterAll
  static void close() throws Exception {
    if (gpg != null) {
      gpg.close();
    }
  }

  private static RepositoryKeys exported(String... keys) throws Exception {
    return new RepositoryKeys().add(gpg.export(keys));
  }

  private static void counts(Verdict verdict, String fingerprint) {
    assertThat(verdict).isInstanceOf(Verdict.By.class);
    assertThat(((Verdict.By) verdict).key()).startsWith(fingerprint);
  }

  private static void refused(Verdict verdict, String why) {
    assertThat(verdict).isInstanceOf(Verdict.Nobody.class);
    assertThat(((Verdict.Nobody) verdict).why()).contains(why);
  }

  private static byte[] signed(String key, String... how) throws Exception {
    return gpg.at(MARCH).sign(CONTENT, key, how);
  }

  @Test
  void aGoodSignatureCountsBinaryOrArmoured() throws Exception {
    for (byte[] signature : new byte[][] {signed(good), signed(good, "--armor")}) {
      Verdict verdict = exported(good).verify(CONTENT, signature, MARCH);
      counts(verdict, good);
      assertThat(((Verdict.By) verdict).key()).contains("good@example.org");
      assertThat(((Verdict.By) verdict).at()).contains(MARCH);
    }
  }

  @Test
  void everyKindOfKeyThatRepositoriesUse() throws Exception {
    for (String kind : new String[] {"rsa3072", "nistp256", "nistp384", "nistp521", "dsa2048"}) {
      String key = gpg.at(START).key(kind, kind, "sign", "never");
      counts(exported(key).verify(CONTENT, signed(key, "--digest-algo", "SHA512"), MARCH), key);
    }
  }

  @Test
  void anotherContentOrAnotherKeyIsRefused() throws Exception {
    String other = gpg.at(START).key("foreign", "ed25519", "sign", "never");
    refused(exported(good).verify(CONTENT, signed(other), MARCH), "none of the keys");
    refused(
        exported(good).verify(Archives.bytes("<other/>\n"), signed(good), MARCH),
        "not a signature of this content");
  }

  @Test
  void anExpiredKeyIsRefusedEvenForWhatItSignedBefore() throws Exception {
    String key = gpg.at(START).key("expires", "ed25519", "sign", "1y");
    byte[] signature = signed(key);
    counts(exported(key).verify(CONTENT, signature, MARCH), key);
    refused(exported(key).verify(CONTENT, signature, YEARS_LATER), "it expired at 2024-12-31");
    gpg.at(MARCH).run(NONE, "--quick-set-expire", key, "10y");
    counts(exported(key).verify(CONTENT, signature, YEARS_LATER), key);
    gpg.at(MARCH.plusSeconds(9)).run(NONE, "--quick-set-expire", key, "1d");
    refused(exported(key).verify(CONTENT, signature, YEARS_LATER), "it expired at 2024-03-02");
  }

  @Test
  void anExpiredSubkeyIsRefused() throws Exception {
    String key = gpg.at(START).key("with subkey", "ed25519", "cert", "never");
    String subkey = gpg.subkey(key, "ed25519", "sign", "1y");
    byte[] signature = signed(subkey);
    counts(exported(key).verify(CONTENT, signature, MARCH), subkey);
    refused(exported(key).verify(CONTENT, signature, YEARS_LATER), "it expired at 2024-12-31");
  }

  @Test
  void aRevokedKeyIsRefusedAndWithItItsSubkeys() throws Exception {
    String key = gpg.at(START).key("revoked", "ed25519", "sign", "never");
    String subkey = gpg.subkey(key, "ed25519", "sign", "never");
    byte[] byKey = signed(key);
    byte[] bySubkey = signed(subkey);
    counts(exported(key).verify(CONTENT, byKey, MARCH), key);
    gpg.revoke(key);
    refused(exported(key).verify(CONTENT, byKey, MARCH), "it is revoked");
    refused(exported(key).verify(CONTENT, bySubkey, MARCH), "its primary key: it is revoked");
  }

  /** In the form of PGP 5 and before, which gpg makes no more. */
  @Test
  void aKeyWithARevocationOfVersion3IsRefused() throws Exception {
    RSAKeyPairGenerator generator = new RSAKeyPairGenerator();
    generator.init(
        new RSAKeyGenerationParameters(BigInteger.valueOf(65537), new SecureRandom(), 2048, 100));
    PGPKeyPair pair =
        new BcPGPKeyPair(
            4, PublicKeyAlgorithmTags.RSA_GENERAL, generator.generateKeyPair(), Date.from(START));
    BcPGPContentSignerBuilder signers =
        new BcPGPContentSignerBuilder(PublicKeyAlgorithmTags.RSA_GENERAL, HashAlgorithmTags.SHA256);
    PGPPublicKey key =
        new PGPKeyRingGenerator(
                PGPSignature.POSITIVE_CERTIFICATION,
                pair,
                "old",
                new BcPGPDigestCalculatorProvider().get(HashAlgorithmTags.SHA1),
                null,
                null,
                signers,
                null)
            .generatePublicKeyRing()
            .getPublicKey();
    PGPV3SignatureGenerator document = new PGPV3SignatureGenerator(signers);
    document.init(PGPSignature.BINARY_DOCUMENT, pair.getPrivateKey());
    document.update(CONTENT);
    byte[] signature = document.generate().getEncoded();
    Verdict before =
        new RepositoryKeys().add(key.getEncoded()).verify(CONTENT, signature, Instant.now());
    assertThat(before).isInstanceOf(Verdict.By.class);

    PGPV3SignatureGenerator revocation = new PGPV3SignatureGenerator(signers);
    revocation.init(PGPSignature.KEY_REVOCATION, pair.getPrivateKey());
    byte[] body = key.getPublicKeyPacket().getEncodedContents();
    revocation.update(new byte[] {(byte) 0x99, (byte) (body.length >> 8), (byte) body.length});
    revocation.update(body);
    PGPPublicKey revoked = PGPPublicKey.addCertification(key, revocation.generate());
    refused(
        new RepositoryKeys().add(revoked.getEncoded()).verify(CONTENT, signature, Instant.now()),
        "it is revoked");
  }

  @Test
  void aRevokedSubkeyIsRefusedAndItsPrimaryKeyIsNot() throws Exception {
    String key = gpg.at(START).key("revoked subkey", "ed25519", "sign", "never");
    String subkey = gpg.subkey(key, "ed25519", "sign", "never");
    byte[] signature = signed(subkey);
    byte[] byKey = signed(key);
    gpg.edit(key, "key 1", "revkey", "y", "0", "", "y", "save");
    refused(exported(key).verify(CONTENT, signature, MARCH), "it is revoked");
    counts(exported(key).verify(CONTENT, byKey, MARCH), key);
  }

  @Test
  void aKeyRevokedByTheRevokerThatItNamedIsRefused() throws Exception {
    String revoker = gpg.at(START).key("revoker", "ed25519", "sign", "never");
    String key = gpg.key("in trust", "ed25519", "sign", "never");
    byte[] signature = signed(key);
    gpg.edit(key, "addrevoker", revoker, "y", "save");
    counts(exported(key).verify(CONTENT, signature, MARCH), key);
    byte[] revocation =
        gpg.run(
            Archives.bytes("y\n0\n\ny\n"),
            "--no-batch",
            "--command-fd",
            "0",
            "--desig-revoke",
            key);
    gpg.run(revocation, "--import");
    refused(exported(key).verify(CONTENT, signature, MARCH), "it is revoked");
  }

  @Test
  void aKeyThatMayOnlyCertifyOrEncryptIsRefused() throws Exception {
    String key = gpg.at(START).key("usage", "rsa2048", "sign", "never");
    String subkey = gpg.subkey(key, "rsa2048", "sign", "never");
    byte[] byKey = signed(key);
    byte[] bySubkey = signed(subkey);
    counts(exported(key).verify(CONTENT, bySubkey, MARCH), subkey);
    gpg.at(MARCH.plusSeconds(60));
    gpg.edit(key, "change-usage", "s", "q", "key 1", "change-usage", "s", "e", "q", "save");
    refused(
        exported(key).verify(CONTENT, byKey, YEARS_LATER), "may not sign documents, only other");
    refused(
        exported(key).verify(CONTENT, bySubkey, YEARS_LATER), "may not sign documents, only other");
  }

  @Test
  void oneGoodSignatureAmongOthersIsEnoughAndOnlyAGoodOne() throws Exception {
    String other = gpg.at(START).key("second", "ed25519", "sign", "never");
    byte[] both = Archives.concat(signed(other), signed(good));
    counts(exported(good).verify(CONTENT, both, MARCH), good);
    counts(exported(good, other).verify(CONTENT, both, MARCH), other);
    byte[] bad = Archives.concat(signed(other), signed(good, "--digest-algo", "SHA1"));
    refused(exported(good).verify(CONTENT, bad, MARCH), "none of the keys");
    refused(exported(good).verify(CONTENT, bad, MARCH), "SHA-1");
  }

  @Test
  void weakHashesAreRefused() throws Exception {
    refused(exported(good).verify(CONTENT, signed(good, "--digest-algo", "SHA1"), MARCH), "SHA-1");
    refused(
        exported(good).verify(CONTENT, signed(good, "--digest-algo", "RIPEMD160"), MARCH),
        "RIPEMD-160");
  }

  @Test
  void aKeyMaySpeakOfItselfBySha1() throws Exception {
    gpg.at(START);
    gpg.run(NONE, "--cert-digest-algo", "SHA1", "--quick-gen-key", "old", "rsa2048", "sign", "0");
    String key = gpg.fingerprints("old").getFirst();
    counts(exported(key).verify(CONTENT, signed(key), MARCH), key);
  }

  @Test
  void shortKeysAreRefused() throws Exception {
    String key = gpg.at(START).key("short", "rsa1024", "sign", "never");
    refused(exported(key).verify(CONTENT, signed(key), MARCH), "1024 bits");
  }

  @Test
  void aSignatureOfTextIsNoneOfAFile() throws Exception {
    refused(
        exported(good).verify(CONTENT, signed(good, "--textmode"), MARCH), "another kind of thing");
  }

  @Test
  void aSignatureOfTheFutureOrThatHasExpiredIsRefused() throws Exception {
    byte[] signature = signed(good);
    refused(
        exported(good).verify(CONTENT, signature, MARCH.minus(Duration.ofDays(1))), "the future");
    counts(exported(good).verify(CONTENT, signature, MARCH.minusSeconds(60)), good);
    byte[] shortlived = signed(good, "--default-sig-expire", "7d");
    counts(exported(good).verify(CONTENT, shortlived, MARCH), good);
    refused(exported(good).verify(CONTENT, shortlived, YEARS_LATER), "it has expired");
  }

  @Test
  void aCriticalNotationThatNobodyKnowsIsRefused() throws Exception {
    counts(
        exported(good).verify(CONTENT, signed(good, "--sig-notation", "a@example.org=1"), MARCH),
        good);
    refused(
        exported(good).verify(CONTENT, signed(good, "--sig-notation", "!a@example.org=1"), MARCH),
        "a@example.org");
  }

  @Test
  void garbageTruncatedAndHugeFilesAreRefused() throws Exception {
    RepositoryKeys keys = exported(good);
    byte[] signature = signed(good);
    for (int length = 0; length < signature.length; length++) {
      refused(keys.verify(CONTENT, Arrays.copyOf(signature, length), MARCH), "");
    }
    String armoured = new String(signed(good, "--armor"), StandardCharsets.UTF_8);
    for (String text :
        new String[] {
          "",
          "hello",
          "x\n" + armoured,
          armoured + "x\n",
          armoured.substring(0, armoured.indexOf("-----END")),
          armoured.replace("\n\n", "\n"),
          armoured.replace("\n\n", "\n\n*"),
          armoured.replace("SIGNATURE", "MESSAGE"),
        }) {
      refused(keys.verify(CONTENT, Archives.bytes(text), MARCH), "");
    }
    counts(keys.verify(CONTENT, Archives.bytes("\n" + armoured + "\n" + armoured), MARCH), good);
    refused(keys.verify(CONTENT, Archives.bytes("\n".repeat(2 << 20)), MARCH), "more than");
    byte[] many = new byte[signature.length * 100];
    for (int i = 0; i < 100; i++) {
      System.arraycopy(signature, 0, many, i * signature.length, signature.length);
    }
    refused(keys.verify(CONTENT, many, MARCH), "more than 64");
  }

  /** The rest are hints that nobody has to believe: of the issuer, of the hash, of a length. */
  @Test
  void anyBitOfTheHashedPartAndOfTheNumberMatters() throws Exception {
    RepositoryKeys keys = exported(good);
    byte[] signature = signed(good);
    int header = 2;
    int hashed =
        header + 6 + ((signature[header + 4] & 0xff) << 8) + (signature[header + 5] & 0xff);
    for (int i = header;
        i < signature.length;
        i = i == hashed - 1 ? signature.length - 24 : i + 1) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] wrong = signature.clone();
        wrong[i] ^= (byte) (1 << bit);
        assertThat(keys.verify(CONTENT, wrong, MARCH))
            .as("byte %d, bit %d", i, bit)
            .isInstanceOf(Verdict.Nobody.class);
      }
    }
  }

  @Test
  void keysThatAreNoneAreRefusedAndTextAroundThemIsNot() throws Exception {
    byte[] key = gpg.export(good);
    new RepositoryKeys().add(Archives.concat(Archives.bytes("Our key.\n\n"), key));
    byte[] secret = gpg.run(NONE, "--export-secret-keys", good);
    for (byte[] bad : new byte[][] {secret, signed(good), Arrays.copyOf(key, key.length / 2)}) {
      assertThatThrownBy(() -> new RepositoryKeys().add(bad))
          .isInstanceOf(MalformedException.class);
    }
  }
}
