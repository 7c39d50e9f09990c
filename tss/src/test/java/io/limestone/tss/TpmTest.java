package io.limestone.tss;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.testkit.Swtpm;
import io.limestone.tpm.CredentialBlob;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.tss.AkTemplate.Scheme;
import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real swtpm through the real libtss2. */
class TpmTest {
  private static final Bytes NONCE = Bytes.of("abcdefghij0123456789".getBytes(UTF_8));
  private static final SecureRandom RANDOM = new SecureRandom();

  private static Swtpm swtpm;
  private Tpm tpm;

  @BeforeAll
  static void powerOn(@TempDir Path folder) throws Exception {
    swtpm = Swtpm.on(folder, "sha1,sha256,sha384,sha512");
  }

  @AfterAll
  static void powerOff() throws Exception {
    swtpm.close();
  }

  @BeforeEach
  void connect() throws Exception {
    tpm = Tpm.open(swtpm.tcti());
  }

  @AfterEach
  void nothingStaysLoaded() throws Exception {
    assertThat(tpm.loadedHandles()).isZero();
    tpm.close();
  }

  @ParameterizedTest
  @EnumSource(EkTemplate.class)
  void everyEkTemplateMakesAnEkThatCredentialsCanBeMadeFor(EkTemplate template) throws Exception {
    try (EndorsementKey ek = EndorsementKey.create(tpm, template)) {
      TpmtPublic area = TpmtPublic.parse2b(ek.publicArea());
      assertThat(area.whyNotEndorsementKey()).isEmpty();
      assertThat(area.keylimeAlg()).isEqualTo(template.keylimeName());
    } catch (TpmException e) {
      // libtpms makes larger RSA keys only where it was built so.
      assertThat(template).isIn(EkTemplate.RSA_3072, EkTemplate.RSA_4096);
      assertThat(e).hasMessageContaining("VALUE");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "rsa, rsassa, sha256",
    "rsa, rsapss, sha256",
    "rsa, rsassa, sha1",
    "rsa, rsassa, sha384",
    "ecc, ecdsa, sha256",
    "ecc384, ecdsa, sha384",
    "ecc521, ecdsa, sha512",
    "rsa3072, rsassa, sha384"
  })
  void quotesVerify(String encryption, String signing, String hash) throws Exception {
    HashAlg alg = HashAlg.named(hash).orElseThrow();
    AkTemplate template =
        new AkTemplate(
            EkTemplate.named(encryption).orElseThrow(), alg, Scheme.named(signing).orElseThrow());
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek());
        TpmObject ak = ek.loadAk(ek.createAk(template))) {
      PcrSelection selection = new PcrSelection(alg, 0x10401);
      PcrValues pcrs = tpm.readPcrs(selection);
      SignedAttestation quote = tpm.quote(ak, NONCE, selection);
      assertThat(
              QuoteVerifier.verify(
                  new SignedQuote(quote.attest(), quote.signature(), pcrs),
                  TpmtPublic.parse2b(ak.publicArea()),
                  NONCE,
                  selection))
          .isInstanceOf(QuoteVerifier.Verified.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa", "ecc", "ecc384", "ecc521"})
  void theTpmOpensACredentialMadeForItsEkAndAk(String encryption) throws Exception {
    AkTemplate template = akTemplate(encryption);
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek());
        TpmObject ak = ek.loadAk(ek.createAk(template))) {
      Secret secret = Secret.random(32, RANDOM);
      CredentialBlob blob =
          CredentialBlob.make(
              TpmtPublic.parse2b(ek.publicArea()),
              TpmtPublic.parse2b(ak.publicArea()).name(),
              secret,
              RANDOM);
      assertThat(ek.activate(ak, blob.idObject(), blob.secret())).isEqualTo(secret);
    }
  }

  @Test
  void aCredentialForAnotherAkIsRefusedAndNothingLeaks() throws Exception {
    AkTemplate template = akTemplate("ecc");
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek());
        TpmObject ak = ek.loadAk(ek.createAk(template))) {
      Bytes otherName = TpmtPublic.parse2b(ek.createAk(template).publicArea()).name();
      CredentialBlob blob =
          CredentialBlob.make(
              TpmtPublic.parse2b(ek.publicArea()), otherName, Secret.random(32, RANDOM), RANDOM);
      assertThatThrownBy(() -> ek.activate(ak, blob.idObject(), blob.secret()))
          .isInstanceOf(TpmException.class)
          .hasMessageContaining("INTEGRITY");
    }
  }

  @Test
  void anAkOfAnotherTpmDoesNotLoad() throws Exception {
    AkTemplate template = akTemplate("rsa");
    KeyBlob foreign;
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek())) {
      foreign = ek.createAk(template);
    }
    try (EndorsementKey other = EndorsementKey.create(tpm, EkTemplate.ECC_P256)) {
      assertThatThrownBy(() -> other.loadAk(foreign))
          .isInstanceOf(TpmException.class)
          .hasMessageContaining("INTEGRITY");
    }
  }

  @Test
  void anAkIsTheSameAfterAReboot() throws Exception {
    AkTemplate template = akTemplate("rsa");
    KeyBlob blob;
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek())) {
      blob = ek.createAk(template);
    }
    tpm.close();
    swtpm.powerCycle();
    tpm = Tpm.open(swtpm.tcti());
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek());
        TpmObject ak = ek.loadAk(blob)) {
      assertThat(ak.publicArea()).isEqualTo(blob.publicArea());
    }
  }

  @Test
  void theDataPcrIsResetAndExtended() throws Exception {
    String pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    for (int round = 0; round < 2; round++) {
      tpm.resetPcr(DataPcr.INDEX);
      tpm.extendPcr(
          DataPcr.INDEX, HashAlg.SHA256, HashAlg.SHA256.digest(Bytes.of(pem.getBytes(UTF_8))));
    }
    assertThat(tpm.readPcrs(new PcrSelection(HashAlg.SHA256, 1 << DataPcr.INDEX)).get(16))
        .contains(DataPcr.expected(HashAlg.SHA256, pem));
  }

  @Test
  void allPcrsAreReadThoughTheTpmGivesEightAtOnce() throws Exception {
    PcrSelection all = new PcrSelection(HashAlg.SHA512, 0xffffff);
    assertThat(tpm.readPcrs(all).selection()).isEqualTo(all);
  }

  @Test
  void aBankThatTheTpmDoesNotHaveIsAnError() {
    assertThatThrownBy(() -> tpm.readPcrs(new PcrSelection(HashAlg.SM3_256, 1)))
        .isInstanceOf(TpmException.class)
        .hasMessageContaining("HASH");
  }

  @ParameterizedTest
  @EnumSource(
      value = EkTemplate.class,
      names = {"RSA_2048", "ECC_P384"})
  void theEkCertificateIsReadFromNvMemory(EkTemplate template) throws Exception {
    EkCertificates certificates = EkCertificates.read(tpm, template);
    byte[] der = certificates.ek().orElseThrow().toArray();
    try (EndorsementKey ek = EndorsementKey.create(tpm, template)) {
      assertThat(
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der))
                  .getPublicKey())
          .isEqualTo(TpmtPublic.parse2b(ek.publicArea()).publicKey());
    }
    assertThat(certificates.chain()).isEmpty();
  }

  @Test
  void aTpmWithoutTheCertificateHasNone() throws Exception {
    assertThat(EkCertificates.read(tpm, EkTemplate.ECC_P521).ek()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"H-1", "H-2", "H-3", "H-4"})
  void theIakCertifiesTheAk(String word) throws Exception {
    DevIdTemplate devId = DevIdTemplate.named(word).orElseThrow();
    AkTemplate template = akTemplate("rsa");
    Bytes id = Bytes.of("d432fbb3-d2f1-4a97-9ef7-75bd81c00000".getBytes(UTF_8));
    TpmObject ak;
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek())) {
      ak = ek.loadAk(ek.createAk(template));
    }
    try (ak;
        TpmObject iak = tpm.createPrimary(Hierarchy.ENDORSEMENT, devId.iak())) {
      SignedAttestation certified = tpm.certify(ak, iak, id);
      assertThat(certified.attest().size()).isPositive();
      assertThat(TpmtPublic.parse2b(iak.publicArea()).whyNotAttestationKey()).isEmpty();
    }
    try (TpmObject idevid = tpm.createPrimary(Hierarchy.ENDORSEMENT, devId.idevid())) {
      assertThat(TpmtPublic.parse2b(idevid.publicArea()).nameAlg()).isEqualTo(devId.hash());
    }
  }

  @Test
  void whatAKilledPredecessorLeftLoadedIsFlushedWhenRoomIsNeeded() throws Exception {
    AkTemplate template = akTemplate("ecc");
    for (int i = 0; i < 4; i++) {
      // Never flushed, like the objects of a process that was killed; its connection is gone.
      Tpm killed = Tpm.open(swtpm.tcti());
      EndorsementKey.create(killed, template.ek());
      killed.startPolicySession(HashAlg.SHA256);
      killed.abandon();
    }
    try (EndorsementKey ek = EndorsementKey.create(tpm, template.ek());
        TpmObject ak = ek.loadAk(ek.createAk(template))) {
      assertThat(tpm.quote(ak, NONCE, new PcrSelection(HashAlg.SHA256, 1)).attest().size())
          .isPositive();
    }
    swtpm.flush();
  }

  @Test
  void aTpmThatIsNotThereIsAReadableError() {
    assertThatThrownBy(() -> Tpm.open("swtpm:host=127.0.0.1,port=1"))
        .isInstanceOf(TpmException.class)
        .hasMessageContaining("swtpm:host=127.0.0.1,port=1")
        .hasMessageContaining("TCTI");
  }

  @Test
  void closingTheConnectionFlushesEverything() throws Exception {
    Tpm other = Tpm.open(swtpm.tcti());
    EndorsementKey.create(other, EkTemplate.ECC_P256);
    other.startPolicySession(HashAlg.SHA256);
    assertThat(other.loadedHandles()).isEqualTo(2);
    other.close();
  }

  @Test
  void theEkPoliciesAreThoseOfTheProfile() {
    assertThat(EkPolicy.a(HashAlg.SHA256).hex())
        .isEqualTo("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
    assertThat(EkPolicy.b(HashAlg.SHA384).hex())
        .isEqualTo(
            "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4"
                + "cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12");
    assertThat(EkPolicy.b(HashAlg.SHA512).hex()).startsWith("b8221ca69e85").endsWith("1af99bea");
  }

  private static AkTemplate akTemplate(String encryption) {
    EkTemplate ek = EkTemplate.named(encryption).orElseThrow();
    return new AkTemplate(ek, HashAlg.SHA256, ek.isRsa() ? Scheme.RSASSA : Scheme.ECDSA);
  }
}
