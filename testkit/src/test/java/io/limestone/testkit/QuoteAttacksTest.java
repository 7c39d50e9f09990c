package io.limestone.testkit;

import static io.limestone.testkit.EveryQuoteVariantTest.ASKED;
import static io.limestone.testkit.EveryQuoteVariantTest.NONCE;
import static io.limestone.testkit.EveryQuoteVariantTest.attester;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.keylime.Nonce;
import io.limestone.tpm.ClockInfo;
import io.limestone.tpm.ClockRule;
import io.limestone.tpm.CredentialBlob;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.QuoteVerifier.Step;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The attacks on quotes and keys, by their numbers in docs/threat-model.md. */
class QuoteAttacksTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  @Test
  void attack01ReplayOfAnOldQuote() {
    TestAttester attester = attester(KeyKind.ECC256);
    SignedQuote old = attester.tpm().quote(NONCE, ASKED);
    Bytes fresh = Nonce.random(RANDOM).bytes();
    assertThat(QuoteVerifier.verify(old, attester.tpm().ak(), NONCE, ASKED))
        .isInstanceOf(QuoteVerifier.Verified.class);
    refusedAt(Step.NONCE, new Presented(old, attester.tpm().ak(), fresh, ASKED));
  }

  @Test
  void attack02AQuoteForAnotherVerifiersNonce() {
    TestAttester attester = attester(KeyKind.ECC256);
    Bytes theirs = Nonce.random(RANDOM).bytes();
    refusedAt(Step.NONCE, attester.madeFor(theirs));
    // A nonce that begins or ends with ours is another one.
    refusedAt(Step.NONCE, attester.madeFor(Bytes.concat(NONCE, theirs)));
    refusedAt(Step.NONCE, attester.madeFor(Bytes.concat(theirs, NONCE)));
  }

  @Test
  void attack03NoncesDoNotRepeat() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      assertThat(seen.add(Nonce.random(RANDOM).text())).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void attack04RelayOfAnotherTpmsQuote(KeyKind kind) {
    refusedAt(Step.SIGNATURE, QuoteVariant.SIGNED_BY_ANOTHER_TPM.make(attester(kind)));
  }

  @Test
  void attack05TheKeyIsSwappedAfterEnrolment() {
    TestAttester attester = attester(KeyKind.ECC256);
    TpmtPublic enrolled = attester.tpm().ak();
    SoftwareTpm swapped = attester.tpm().twin();
    SignedQuote quote = swapped.quote(NONCE, ASKED);
    refusedAt(Step.SIGNATURE, new Presented(quote, enrolled, NONCE, ASKED));
    assertThat(swapped.ak().name()).isNotEqualTo(enrolled.name());
  }

  @ParameterizedTest
  @EnumSource
  void attack06ACredentialForAnotherEndorsementKeyStaysShut(KeyKind kind) {
    SoftwareTpm tpm = attester(kind).tpm();
    SoftwareKey other = SoftwareKey.endorsement(kind, kind.shared("other"));
    CredentialBlob blob = credential(other.area(), tpm.ak().name());
    assertThatThrownBy(() -> tpm.activateCredential(blob)).isInstanceOf(MalformedException.class);
  }

  @Test
  void attack07AnUnrestrictedOrImportableKeyIsNoAttestationKey() {
    List<QuoteVariant> unfit =
        Stream.of(QuoteVariant.values())
            .filter(v -> v.refusedAt().equals(Optional.of(Step.KEY)))
            .toList();
    assertThat(unfit).hasSizeGreaterThanOrEqualTo(7);
    for (QuoteVariant variant : unfit) {
      refusedAt(Step.KEY, variant.make(attester(KeyKind.ECC256)));
    }
  }

  @Test
  void attack08ASoftwareKeyBesideARealEndorsementKeyIsNeverActivated() {
    KeyKind kind = KeyKind.ECC256;
    SoftwareTpm tpm = attester(kind).tpm();
    // The Name covers the attributes: a key that claims those of a TPM key has another Name than
    // any key in the TPM, which then does not open the credential.
    SoftwareKey software = SoftwareKey.attestation(kind, kind.usualScheme(), kind.shared("other"));
    CredentialBlob blob = credential(tpm.ek(), software.area().name());
    assertThatThrownBy(() -> tpm.activateCredential(blob)).isInstanceOf(MalformedException.class);
    SoftwareKey honest =
        SoftwareKey.signing(
            kind,
            kind.usualScheme(),
            kind.shared("other"),
            ObjectAttributes.SIGN | ObjectAttributes.USER_WITH_AUTH);
    assertThat(honest.area().whyNotAttestationKey()).isPresent();
  }

  @ParameterizedTest
  @EnumSource(names = {"MAGIC_OF_EXTERNAL_DATA", "MAGIC_ZERO", "TYPE_TIME", "TYPE_CERTIFY"})
  void attack09WrongMagicOrType(QuoteVariant variant) {
    refusedAt(variant.refusedAt().orElseThrow(), variant.make(attester(KeyKind.RSA2048)));
  }

  @Test
  void attack10TheSignedSelectionIsNotTheOneAskedFor() {
    List<QuoteVariant> selections =
        Stream.of(QuoteVariant.values())
            .filter(v -> v.refusedAt().equals(Optional.of(Step.SELECTION)))
            .toList();
    assertThat(selections).hasSizeGreaterThanOrEqualTo(8);
    for (QuoteVariant variant : selections) {
      refusedAt(Step.SELECTION, variant.make(attester(KeyKind.ECC256)));
    }
  }

  @Test
  void attack11AValueOutsideTheSignedSelectionIsNeverUsed() {
    refusedAt(
        Step.PCR_VALUES, QuoteVariant.VALUE_BESIDES_THE_SELECTION.make(attester(KeyKind.ECC256)));
    // Nor does asking for it help, when it is not signed.
    TestAttester attester = attester(KeyKind.ECC256);
    SignedQuote quote = attester.tpm().quote(NONCE, ASKED);
    SignedQuote more =
        new SignedQuote(
            quote.attest(), quote.signature(), attester.with(0, HashAlg.SHA256.zeros()));
    PcrSelection wide = new PcrSelection(HashAlg.SHA256, ASKED.mask() | 1);
    refusedAt(Step.SELECTION, new Presented(more, attester.tpm().ak(), NONCE, wide));
  }

  @Test
  void attack13ABankOfSha1InsteadOfTheOneAskedFor() {
    TestAttester attester = attester(KeyKind.ECC256);
    PcrSelection sha1 = new PcrSelection(HashAlg.SHA1, ASKED.mask());
    refusedAt(
        Step.SELECTION,
        new Presented(attester.tpm().quote(NONCE, sha1), attester.tpm().ak(), NONCE, ASKED));
    refusedAt(Step.SIGNATURE_SCHEME, QuoteVariant.HASH_SHA1.make(attester));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_ANY,
      names = {"SCHEME_.*", "HASH_.*", "R_.*", "S_.*", "RSA_.*", "KEY_OFF_.*"})
  void attack14ConfusionOfSignatureAlgorithms(QuoteVariant variant) {
    for (KeyKind kind : List.of(KeyKind.RSA2048, KeyKind.ECC256)) {
      if (variant.existsFor(kind)) {
        refusedAt(variant.refusedAt().orElseThrow(), variant.make(attester(kind)));
      }
    }
  }

  @Test
  void attack15ClockAndCountersNeverGoBackwards() {
    SoftwareTpm tpm = attester(KeyKind.ECC256).tpm();
    ClockInfo first = tpm.clock();
    tpm.resume();
    ClockInfo resumed = tpm.clock();
    tpm.reboot();
    ClockInfo rebooted = tpm.clock();
    assertThat(ClockRule.refuse(first, resumed)).isEmpty();
    assertThat(ClockRule.refuse(resumed, rebooted)).isEmpty();
    assertThat(ClockRule.refuse(resumed, first)).isPresent();
    assertThat(ClockRule.refuse(rebooted, resumed)).isPresent();
    assertThat(ClockRule.refuse(rebooted, rebooted)).isPresent();
  }

  @Test
  void attack16TrailingBytesOverlongSizesAndTruncatedStructures() {
    List<QuoteVariant> malformed =
        Stream.of(QuoteVariant.values())
            .filter(
                v ->
                    v.refusedAt().equals(Optional.of(Step.ATTEST_STRUCTURE))
                        || v.refusedAt().equals(Optional.of(Step.SIGNATURE_STRUCTURE)))
            .toList();
    assertThat(malformed).hasSizeGreaterThanOrEqualTo(14);
    for (QuoteVariant variant : malformed) {
      refusedAt(variant.refusedAt().orElseThrow(), variant.make(attester(KeyKind.ECC256)));
    }
    Bytes area = attester(KeyKind.ECC256).tpm().ak().to2b();
    Bytes longer = Bytes.concat(area, Bytes.of((byte) 0));
    assertThatThrownBy(() -> TpmtPublic.parse2b(longer)).isInstanceOf(MalformedException.class);
  }

  private static CredentialBlob credential(TpmtPublic ek, Bytes akName) {
    byte[] text = "0123456789abcdefghijABCDEFGHIJKL".getBytes(StandardCharsets.US_ASCII);
    return CredentialBlob.make(ek, akName, Secret.of(text), RANDOM);
  }

  private static void refusedAt(Step step, Presented presented) {
    assertThat(presented.verify())
        .isInstanceOfSatisfying(
            QuoteVerifier.Refused.class, refused -> assertThat(refused.step()).isEqualTo(step));
  }
}
