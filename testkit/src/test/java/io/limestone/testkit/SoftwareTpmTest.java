package io.limestone.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.tpm.CredentialBlob;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SignatureAlg;
import io.limestone.tpm.SigningScheme;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SoftwareTpmTest {
  private static final TestCa CA = new TestCa("Unit", Instant.parse("2026-11-24T00:00:00Z"));
  private static final Bytes NONCE = Bytes.of("nonce0123456789ABCDE".getBytes(US_ASCII));

  record Ak(KeyKind kind, SigningScheme scheme) {}

  static Stream<Ak> everyAttestationKey() {
    return Stream.of(KeyKind.values())
        .flatMap(
            kind ->
                kind.schemes().stream()
                    .flatMap(
                        (SignatureAlg alg) ->
                            Stream.of(HashAlg.SHA256, HashAlg.SHA384, HashAlg.SHA512)
                                .map(hash -> new Ak(kind, new SigningScheme(alg, hash)))));
  }

  static SoftwareTpm tpm(KeyKind kind, SigningScheme scheme) {
    SoftwareKey ek = SoftwareKey.endorsement(kind, kind.shared("ek"));
    SoftwareKey ak = SoftwareKey.attestation(kind, scheme, kind.shared("ak"));
    return SoftwareTpm.of(ek, CA.endorse(ek.area().publicKey()), ak);
  }

  @ParameterizedTest
  @MethodSource("everyAttestationKey")
  void quotesOfEveryKindOfKeyVerify(Ak ak) {
    SoftwareTpm tpm = tpm(ak.kind(), ak.scheme());
    PcrSelection asked = new PcrSelection(ak.scheme().hash(), 0x10400);
    assertThat(QuoteVerifier.verify(tpm.quote(NONCE, asked), tpm.ak(), NONCE, asked))
        .isInstanceOf(QuoteVerifier.Verified.class);
  }

  @ParameterizedTest
  @EnumSource(KeyKind.class)
  void publicAreasSurviveTheWire(KeyKind kind) {
    SoftwareTpm tpm = tpm(kind, kind.usualScheme());
    assertThat(TpmtPublic.parse2b(tpm.ek().to2b())).isEqualTo(tpm.ek());
    assertThat(TpmtPublic.parse2b(tpm.ak().to2b())).isEqualTo(tpm.ak());
    assertThat(tpm.ak().whyNotAttestationKey()).isEmpty();
    assertThat(tpm.ek().whyNotAttestationKey()).isPresent();
    assertThat(tpm.ek().whyNotEndorsementKey()).isEmpty();
    assertThat(tpm.ak().whyNotEndorsementKey()).isPresent();
  }

  @ParameterizedTest
  @EnumSource(KeyKind.class)
  void aCredentialIsOnlyForTheTpmThatHoldsBothKeys(KeyKind kind) {
    SoftwareTpm tpm = tpm(kind, kind.usualScheme());
    Secret credential = Secret.random(32, new SecureRandom());
    CredentialBlob blob =
        CredentialBlob.make(tpm.ek(), tpm.ak().name(), credential, new SecureRandom());
    assertThat(CredentialBlob.parse(blob.encode())).isEqualTo(blob);
    assertThat(tpm.activateCredential(blob)).isEqualTo(credential);

    CredentialBlob otherName =
        CredentialBlob.make(tpm.ek(), tpm.ek().name(), credential, new SecureRandom());
    assertThatThrownBy(() -> tpm.activateCredential(otherName))
        .isInstanceOf(MalformedException.class);
    SoftwareKey otherEk = SoftwareKey.endorsement(kind, kind.shared("other"));
    CredentialBlob forOther =
        CredentialBlob.make(otherEk.area(), tpm.ak().name(), credential, new SecureRandom());
    assertThatThrownBy(() -> tpm.activateCredential(forOther))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void ekCertificatesChainToTheRoot() throws Exception {
    SoftwareTpm tpm = SoftwareTpm.make(KeyKind.ECC256, CA);
    List<X509Certificate> chain = tpm.ekChain();
    chain.get(0).verify(chain.get(1).getPublicKey());
    chain.get(1).verify(CA.root().getPublicKey());
    assertThat(chain.get(0).getPublicKey()).isEqualTo(tpm.ek().publicKey());
    assertThat(chain.get(0).getExtendedKeyUsage()).containsExactly("2.23.133.8.1");
  }
}
