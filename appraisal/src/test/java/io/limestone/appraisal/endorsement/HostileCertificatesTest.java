package io.limestone.appraisal.endorsement;

import static io.limestone.appraisal.endorsement.TestCertificates.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.junit.jupiter.api.Test;

/**
 * Attack 29: malformed and oversized certificates. Each test first holds the sound certificate
 * against the same rules, so that what is refused is the one thing that is wrong.
 */
class HostileCertificatesTest {
  private static final KeyPair ROOT = TestCertificates.rsa();
  private static final KeyPair MIDDLE = TestCertificates.rsa();
  private static final KeyPair EK = TestCertificates.rsa();
  private static final TpmCertificate ROOT_CERTIFICATE =
      TestCertificates.ca("CN=Root", ROOT).isCa().make();

  private static final TpmtPublic TPM_KEY = RealCertificatesTest.keyOf(leaf().make());

  @Test
  void theSoundOnesAreEndorsed() {
    assertThat(judge(leaf().make(), List.of())).isInstanceOf(Endorsement.Endorsed.class);
    assertThat(judge(leafOfMiddle().make(), List.of(middle().make())))
        .isInstanceOf(Endorsement.Endorsed.class);
  }

  @Test
  void selfSignedIsRefused() {
    TpmCertificate self = TestCertificates.plain("CN=Me", EK).make();
    assertRefused(self, List.of(), "issuer is CN=Me");
    TpmCertificate named = TestCertificates.plain("CN=Root", EK).make();
    assertRefused(named, List.of(), "not signed by");
  }

  @Test
  void expiredAndFutureAreRefused() {
    assertRefused(
        leaf().valid(NOW.minusSeconds(9), NOW.minusSeconds(5)).make(), List.of(), "expired");
    assertRefused(
        leaf().valid(NOW.plusSeconds(5), NOW.plusSeconds(9)).make(), List.of(), "not valid before");
    assertRefused(
        leafOfMiddle().make(),
        List.of(middle().valid(NOW.minusSeconds(9), NOW.minusSeconds(5)).make()),
        "expired");
    TpmCertificate expired = leaf().valid(NOW.minusSeconds(9), NOW.minusSeconds(5)).make();
    var allowed =
        Endorsement.verify(
            Purpose.EK,
            expired,
            RealCertificatesTest.keyOf(expired),
            List.of(),
            anchors(),
            NOW,
            new Rules(true, false));
    assertThat(allowed).isInstanceOf(Endorsement.Endorsed.class);
    assertThat(((Endorsement.Endorsed) allowed).notes()).hasSize(1);
  }

  @Test
  void anotherKeyIsRefused() {
    TpmCertificate other = leaf().key(TestCertificates.rsa().getPublic()).make();
    assertThat(
            RealCertificatesTest.reason(
                Endorsement.verify(
                    Purpose.EK, other, TPM_KEY, List.of(), anchors(), NOW, Rules.STRICT)))
        .contains("another key");
  }

  @Test
  void whatIsNoCaCannotIssue() {
    assertRefused(leafOfMiddle().make(), List.of(notCa().make()), "no CA certificate");
    assertRefused(
        leafOfMiddle().make(),
        List.of(notCa().with(Extension.basicConstraints, true, new BasicConstraints(false)).make()),
        "no CA certificate");
    TpmCertificate noCertSign = new CaWithUsage(KeyUsage.digitalSignature).make();
    assertRefused(leafOfMiddle().make(), List.of(noCertSign), "does not let it sign");
  }

  @Test
  void pathLengthsAreKept() {
    KeyPair lower = TestCertificates.rsa();
    TpmCertificate upperCa =
        TestCertificates.ca("CN=Middle", MIDDLE).by("CN=Root", ROOT).pathLength(0).make();
    TpmCertificate lowerCa =
        TestCertificates.ca("CN=Lower", lower).by("CN=Middle", MIDDLE).isCa().make();
    TpmCertificate ek = TestCertificates.leaf(EK.getPublic()).by("CN=Lower", lower).make();
    assertRefused(ek, List.of(lowerCa, upperCa), "CAs below it");
    assertThat(judge(leafOfMiddle().make(), List.of(upperCa)))
        .isInstanceOf(Endorsement.Endorsed.class);
  }

  @Test
  void chainsLongerThanEightAreRefused() {
    assertThat(judgeChain(5)).isInstanceOf(Endorsement.Endorsed.class);
    assertThat(RealCertificatesTest.reason(judgeChain(7))).contains("longer than 8");
  }

  @Test
  void certificatesThatIssuedEachOtherEndNowhere() {
    KeyPair other = TestCertificates.rsa();
    TpmCertificate a = TestCertificates.ca("CN=Middle", MIDDLE).by("CN=B", other).isCa().make();
    TpmCertificate b = TestCertificates.ca("CN=B", other).by("CN=Middle", MIDDLE).isCa().make();
    TpmCertificate self = TestCertificates.ca("CN=Middle", MIDDLE).isCa().make();
    assertRefused(leafOfMiddle().make(), List.of(a, b, self), "not in the trust folder");
  }

  @Test
  void manyCertificatesOfOneNameCostBoundedWork() {
    List<TpmCertificate> sameName = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      sameName.add(
          TestCertificates.ca("CN=Middle", MIDDLE)
              .by("CN=Middle", MIDDLE)
              .pathLength(100 + i)
              .make());
    }
    TpmCertificate ek = leafOfMiddle().make();
    assertRefused(ek, sameName, "");
    sameName.add(sameName.getFirst());
    assertRefused(ek, sameName, "more than 16");
  }

  @Test
  void unknownCriticalExtensionsAreRefused() {
    var oid = new ASN1ObjectIdentifier("1.2.3.4.5");
    assertRefused(leaf().with(oid, true, DERNull.INSTANCE).make(), List.of(), "not understood");
    assertThat(judge(leaf().with(oid, false, DERNull.INSTANCE).make(), List.of()))
        .isInstanceOf(Endorsement.Endorsed.class);
    assertRefused(
        leafOfMiddle().make(),
        List.of(middle().with(oid, true, DERNull.INSTANCE).make()),
        "not understood");
  }

  @Test
  void nameConstraintsAreRefusedCriticalOrNot() {
    var constraints =
        new NameConstraints(
            new GeneralSubtree[] {
              new GeneralSubtree(new GeneralName(GeneralName.dNSName, "example.org"))
            },
            null);
    for (boolean critical : new boolean[] {true, false}) {
      assertRefused(
          leafOfMiddle().make(),
          List.of(middle().with(Extension.nameConstraints, critical, constraints).make()),
          "name constraints");
    }
  }

  @Test
  void extendedKeyUsageMustBeForAnEk() {
    var ekPurpose = KeyPurposeId.getInstance(new ASN1ObjectIdentifier("2.23.133.8.1"));
    assertThat(
            judge(
                leaf()
                    .with(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(ekPurpose))
                    .make(),
                List.of()))
        .isInstanceOf(Endorsement.Endorsed.class);
    assertRefused(
        leaf()
            .with(
                Extension.extendedKeyUsage,
                true,
                new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
            .make(),
        List.of(),
        "extended key usage");
  }

  @Test
  void tenThousandNamesAreRefused() {
    assertThatThrownBy(() -> withNames(65).make()).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> withNames(10_000).make()).isInstanceOf(MalformedException.class);
    assertThat(judge(withNames(64).make(), List.of())).isInstanceOf(Endorsement.Endorsed.class);
  }

  @Test
  void oversizedAndUnsoundRsaKeysAreRefused() {
    BigInteger modulus = new BigInteger(16384, new Random(1)).setBit(16383).setBit(0);
    for (PublicKey key :
        List.of(
            rsaKey(modulus, BigInteger.valueOf(65537)),
            rsaKey(BigInteger.ONE.shiftLeft(2047).setBit(0), BigInteger.ONE),
            rsaKey(BigInteger.ONE.shiftLeft(2047).setBit(0), BigInteger.TWO),
            rsaKey(
                BigInteger.ONE.shiftLeft(2047).setBit(0), BigInteger.ONE.shiftLeft(2000).setBit(0)),
            TestCertificates.pair("RSA", 1024).getPublic())) {
      TpmCertificate certificate = leaf().key(key).make();
      assertThatThrownBy(certificate::publicKey).isInstanceOf(MalformedException.class);
      assertThat(
              RealCertificatesTest.reason(
                  Endorsement.verify(
                      Purpose.EK, certificate, TPM_KEY, List.of(), anchors(), NOW, Rules.STRICT)))
          .contains("RSA");
      TpmCertificate issuer =
          TestCertificates.ca("CN=Middle", MIDDLE).key(key).by("CN=Root", ROOT).isCa().make();
      assertRefused(leafOfMiddle().make(), List.of(issuer), "RSA");
    }
  }

  @Test
  void sha1IsRefused() {
    assertRefused(leaf().algorithm("SHA1withRSA").make(), List.of(), "SHA-1");
  }

  @Test
  void deepNestingIsRefusedBeforeAnyParserSeesIt() {
    for (int tag : new int[] {0x30, 0x24, 0xa0, 0x31}) {
      assertThatThrownBy(() -> TpmCertificate.parse(nested(tag, 12_000)))
          .isInstanceOf(MalformedException.class);
    }
    assertThatThrownBy(() -> TpmCertificate.parse(Bytes.of(new byte[] {0x30, (byte) 0x80, 0, 0})))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void hugeAndEmptyInputIsRefused() {
    for (int size : new int[] {0, 1, 2, 127, 70_000}) {
      assertThatThrownBy(() -> TpmCertificate.parse(Bytes.of(new byte[size])))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] good = leaf().der().toArray();
    IntStream.range(0, good.length)
        .forEach(
            size ->
                assertThatThrownBy(() -> TpmCertificate.parse(Bytes.of(Arrays.copyOf(good, size))))
                    .isInstanceOf(MalformedException.class));
  }

  @Test
  void garbledCertificatesNeverThrowAnythingElseNorPass() {
    byte[] good = leaf().der().toArray();
    Random random = new Random(29);
    for (int i = 0; i < 3000; i++) {
      byte[] garbled = good.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        garbled[random.nextInt(garbled.length)] = (byte) random.nextInt();
      }
      if (!Arrays.equals(garbled, good)) {
        assertThat(endorsed(Bytes.of(garbled))).isFalse();
      }
    }
  }

  @Test
  void badFilesDoNotTakeTheTrustInOthersAway() {
    TrustAnchors anchors =
        TrustAnchors.ofFiles(
            java.util.Map.of(
                "good.der", ROOT_CERTIFICATE.encoded(),
                "bad.pem",
                    Bytes.of(
                        "-----BEGIN CERTIFICATE-----\nAAAA"
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                "none.txt", Bytes.of((byte) 'x')));
    assertThat(anchors.certificates()).containsExactly(ROOT_CERTIFICATE);
    assertThat(anchors.problems()).hasSize(2);
  }

  private static boolean endorsed(Bytes certificate) {
    TpmCertificate parsed;
    try {
      parsed = TpmCertificate.parse(certificate);
    } catch (MalformedException e) {
      return false;
    }
    return judge(parsed, List.of()) instanceof Endorsement.Endorsed;
  }

  private static Endorsement.Result judgeChain(int intermediates) {
    List<TpmCertificate> delivered = new ArrayList<>();
    String issuer = "CN=Root";
    KeyPair signer = ROOT;
    for (int i = 0; i < intermediates; i++) {
      delivered.add(TestCertificates.ca("CN=Level " + i, MIDDLE).by(issuer, signer).isCa().make());
      issuer = "CN=Level " + i;
      signer = MIDDLE;
    }
    return judge(TestCertificates.leaf(EK.getPublic()).by(issuer, signer).make(), delivered);
  }

  private static void assertRefused(
      TpmCertificate leaf, List<TpmCertificate> delivered, String reason) {
    assertThat(RealCertificatesTest.reason(judge(leaf, delivered))).contains(reason);
  }

  private static Endorsement.Result judge(TpmCertificate leaf, List<TpmCertificate> delivered) {
    return Endorsement.verify(Purpose.EK, leaf, TPM_KEY, delivered, anchors(), NOW, Rules.STRICT);
  }

  private static TrustAnchors anchors() {
    return new TrustAnchors(List.of(ROOT_CERTIFICATE), List.of());
  }

  private static TestCertificates leaf() {
    return TestCertificates.leaf(EK.getPublic()).by("CN=Root", ROOT);
  }

  private static TestCertificates leafOfMiddle() {
    return TestCertificates.leaf(EK.getPublic()).by("CN=Middle", MIDDLE);
  }

  private static TestCertificates notCa() {
    return TestCertificates.ca("CN=Middle", MIDDLE).by("CN=Root", ROOT);
  }

  private static TestCertificates middle() {
    return notCa().isCa();
  }

  /** An intermediate with a key usage of one's choice. */
  private record CaWithUsage(int usage) {
    TpmCertificate make() {
      return TestCertificates.plain("CN=Middle", MIDDLE)
          .by("CN=Root", ROOT)
          .isCa()
          .with(Extension.keyUsage, true, new KeyUsage(usage))
          .make();
    }
  }

  private static TestCertificates withNames(int count) {
    GeneralName[] names =
        IntStream.range(0, count)
            .mapToObj(i -> new GeneralName(GeneralName.dNSName, "a" + i))
            .toArray(GeneralName[]::new);
    return leaf().with(Extension.subjectAlternativeName, true, new GeneralNames(names));
  }

  private static PublicKey rsaKey(BigInteger modulus, BigInteger exponent) {
    // Java refuses most of these as keys, so the bytes stand for themselves.
    return new RawKey(modulus, exponent);
  }

  private record RawKey(BigInteger modulus, BigInteger exponent) implements PublicKey {
    private static final long serialVersionUID = 1L;

    @Override
    public String getAlgorithm() {
      return "RSA";
    }

    @Override
    public String getFormat() {
      return "X.509";
    }

    @Override
    public byte[] getEncoded() {
      try {
        return new org.bouncycastle.asn1.x509.SubjectPublicKeyInfo(
                new org.bouncycastle.asn1.x509.AlgorithmIdentifier(
                    org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers.rsaEncryption,
                    DERNull.INSTANCE),
                new org.bouncycastle.asn1.pkcs.RSAPublicKey(modulus, exponent))
            .getEncoded();
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static Bytes nested(int tag, int depth) {
    byte[] bytes = new byte[4 * depth];
    for (int at = 0; at < bytes.length; at += 4) {
      int length = bytes.length - at - 4;
      bytes[at] = (byte) tag;
      bytes[at + 1] = (byte) 0x82;
      bytes[at + 2] = (byte) (length >> 8);
      bytes[at + 3] = (byte) length;
    }
    return Bytes.of(bytes);
  }
}
