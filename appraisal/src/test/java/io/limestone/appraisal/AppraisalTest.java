package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.NONCE;
import static io.limestone.appraisal.TestNode.bytes;
import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.Attest;
import io.limestone.tpm.ClockInfo;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps 1 to 4, 7 and 8: the quote, the clock, the key, the PCRs. Numbers are of threats §4.4. */
class AppraisalTest {
  private static final String BAD_QUOTE = "qoute_validation.quote_validation";

  @ParameterizedTest
  @EnumSource(names = {"RSA2048", "ECC256", "ECC384", "ECC521"})
  void aGenuineQuoteOfEveryKindOfKeyIsTrusted(KeyKind kind) {
    TestNode node = new TestNode(SoftwareTpm.make(kind, new TestCa("test", Instant.EPOCH)));
    node.bank = node.tpm.ak().scheme().orElseThrow().hash();
    Verdict.Trusted verdict = trusted(node.attest(AttestationState.NONE));
    assertThat(verdict.next().publicKeyPem()).contains(TestNode.KEY);
    assertThat(verdict.next().clock()).isPresent();
    assertThat(verdict.pcrs().values()).containsOnlyKeys(16);
  }

  @Test
  void whatNoPolicyJudgesReadsNotChecked() {
    TestNode node = new TestNode();
    node.mask = 1 << 3;
    List<String> notes = trusted(node.attest(AttestationState.NONE)).notes();
    assertThat(notes)
        .anyMatch(note -> note.startsWith("runtime integrity: NOT CHECKED"))
        .anyMatch(note -> note.startsWith("measured boot: NOT CHECKED"))
        .anyMatch(note -> note.startsWith("static PCR values: NOT CHECKED"))
        .anyMatch(note -> note.contains("PCR [3]"));
  }

  @Test
  void attack1_aReplayedQuoteIsUntrusted() {
    TestNode node = new TestNode();
    Evidence old = node.answer(0);
    AttestationState state = trusted(node.appraise(old, AttestationState.NONE)).next();
    untrusted(node.appraise(old, state), BAD_QUOTE); // same nonce: the clock gives it away
    Evidence otherNonce =
        new Evidence(
            "0123456789",
            old.hashAlg(),
            old.encAlg(),
            old.signAlg(),
            old.quote(),
            old.publicKeyPem(),
            old.ima(),
            old.bootLog(),
            old.bootTime());
    untrusted(node.appraise(otherNonce, AttestationState.NONE), BAD_QUOTE);
  }

  @Test
  void attack4and5_aQuoteOfAnotherTpmIsUntrusted() {
    TestNode node = new TestNode();
    TestNode other =
        new TestNode(SoftwareTpm.make(KeyKind.ECC256, new TestCa("test", Instant.EPOCH)));
    untrusted(
        Appraisal.appraise(other.answer(0), node.reference(), AttestationState.NONE), BAD_QUOTE);
  }

  @Test
  void attack10_aSelectionOtherThanAskedIsUntrusted() {
    TestNode node = new TestNode();
    node.mask = (1 << 3) | (1 << 4);
    node.tpm.bind(HashAlg.SHA256, TestNode.KEY);
    for (PcrSelection wrong :
        List.of(
            new PcrSelection(HashAlg.SHA256, (1 << 3) | (1 << 16)),
            new PcrSelection(HashAlg.SHA256, (1 << 3) | (1 << 4) | (1 << 5) | (1 << 16)),
            new PcrSelection(HashAlg.SHA256, 0),
            new PcrSelection(HashAlg.SHA1, node.mask | (1 << 16)))) {
      SignedQuote quote = node.tpm.quote(bytes(NONCE), wrong);
      untrusted(
          node.appraise(node.evidence(quote, Optional.empty()), AttestationState.NONE), BAD_QUOTE);
    }
  }

  @Test
  void attack11_valuesRelabelledOutsideTheSignatureAreUntrusted() {
    TestNode node = new TestNode();
    node.mask = 1 << 10;
    node.tpm.bind(HashAlg.SHA256, TestNode.KEY);
    // 16 and 23 quoted, delivered as 10 and 16: resettable PCRs posing as others.
    SignedQuote quote =
        node.tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, (1 << 16) | (1 << 23)));
    PcrValues relabelled =
        PcrValues.of(
            HashAlg.SHA256,
            Map.of(10, quote.pcrs().get(16).orElseThrow(), 16, quote.pcrs().get(23).orElseThrow()));
    SignedQuote forged = new SignedQuote(quote.attest(), quote.signature(), relabelled);
    untrusted(
        node.appraise(node.evidence(forged, Optional.empty()), AttestationState.NONE), BAD_QUOTE);
  }

  @Test
  void attack13_aSha1BankIsRefusedUnlessAccepted() {
    TestNode node = new TestNode();
    node.bank = HashAlg.SHA1;
    untrusted(node.attest(AttestationState.NONE), "qoute_validation.invalid_hash_alg");
  }

  @Test
  void attack14_declaredAlgorithmsMustBeAcceptedAndTrue() {
    TestNode node = new TestNode();
    Evidence good = node.answer(0);
    untrusted(
        node.appraise(declared(good, "sha256", "ecc256", "rsassa"), AttestationState.NONE),
        "qoute_validation.invalid_sign_alg");
    untrusted(
        node.appraise(declared(good, "md5", "ecc256", "ecdsa"), AttestationState.NONE),
        "qoute_validation.invalid_hash_alg");
    node.accepted = new AcceptedAlgorithms(Set.of("sha256"), Set.of("rsa"), Set.of("ecdsa"));
    untrusted(
        node.appraise(declared(good, "sha256", "rsa", "ecdsa"), AttestationState.NONE),
        "qoute_validation.invalid_enc_alg");
    node.accepted = new AcceptedAlgorithms(Set.of("sha256"), Set.of("ecc"), Set.of("ecdsa"));
    trusted(node.appraise(declared(good, "sha256", "ecc256", "ecdsa"), AttestationState.NONE));
  }

  private static Evidence declared(Evidence e, String hash, String enc, String sign) {
    return new Evidence(
        e.nonce(),
        hash,
        enc,
        sign,
        e.quote(),
        e.publicKeyPem(),
        e.ima(),
        e.bootLog(),
        e.bootTime());
  }

  @Test
  void attack15_timeThatGoesBackIsUntrustedAndTheOldClockStays() {
    TestNode node = new TestNode();
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    ClockInfo now = state.clock().orElseThrow();
    for (ClockInfo later :
        List.of(
            new ClockInfo(now.clock() + 1_000_000, now.resetCount(), now.restartCount(), true),
            new ClockInfo(now.clock(), now.resetCount() + 1, 0, true),
            new ClockInfo(now.clock(), now.resetCount(), now.restartCount() + 1, true))) {
      AttestationState seen =
          new AttestationState(
              Optional.of(later), state.publicKeyPem(), state.ima(), state.bootTime());
      Verdict.Untrusted verdict = untrusted(node.attest(seen), BAD_QUOTE);
      assertThat(verdict.recoverable()).isFalse();
      assertThat(verdict.next().clock()).contains(later);
    }
  }

  @Test
  void theClockIsKeptFromTheFirstQuoteOnAlsoWhenBothCountersGrew() {
    TestNode node = new TestNode();
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.tpm.reboot();
    node.tpm.resume();
    AttestationState next = trusted(node.attest(state)).next();
    assertThat(next.clock().orElseThrow().resetCount())
        .isGreaterThan(state.clock().orElseThrow().resetCount());
    untrusted(node.appraise(node.answer(0), future(next)), BAD_QUOTE);
  }

  private static AttestationState future(AttestationState state) {
    ClockInfo clock = state.clock().orElseThrow();
    return new AttestationState(
        Optional.of(
            new ClockInfo(
                clock.clock(), clock.resetCount() + 1, clock.restartCount() + 1, clock.safe())),
        state.publicKeyPem(),
        state.ima(),
        state.bootTime());
  }

  @Test
  void theTransportKeyMustBeTheOneInPcr16() {
    TestNode node = new TestNode();
    Evidence good = node.answer(0);
    Evidence swapped =
        new Evidence(
            good.nonce(),
            good.hashAlg(),
            good.encAlg(),
            good.signAlg(),
            good.quote(),
            Optional.of("-----BEGIN PUBLIC KEY-----\nBBBB\n-----END PUBLIC KEY-----\n"),
            good.ima(),
            good.bootLog(),
            good.bootTime());
    untrusted(node.appraise(swapped, AttestationState.NONE), "pcr_validation.invalid_pcr_16");
  }

  @Test
  void aPartialAnswerIsBoundToTheKeyKnownFromBeforeAndRefusedWithoutOne() {
    TestNode node = new TestNode();
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    Evidence whole = node.answer(0);
    Evidence partial =
        new Evidence(
            whole.nonce(),
            whole.hashAlg(),
            whole.encAlg(),
            whole.signAlg(),
            whole.quote(),
            Optional.empty(),
            whole.ima(),
            whole.bootLog(),
            whole.bootTime());
    assertThat(trusted(node.appraise(partial, state)).next().publicKeyPem()).contains(TestNode.KEY);
    untrusted(node.appraise(partial, AttestationState.NONE), "qoute_validation.no_pubkey");
  }

  @Test
  void staticPcrsMustHaveOneOfTheirValuesAndBeQuoted() {
    TestNode node = new TestNode();
    node.mask = 1 << 4;
    String zeros = "0".repeat(64);
    node.pcrs = PcrPolicy.parse("{\"4\":[\"" + "a".repeat(64) + "\",\"" + zeros + "\"]}");
    trusted(node.attest(AttestationState.NONE));
    node.tpm.measure(4, bytes("kernel"));
    untrusted(node.attest(AttestationState.NONE), "pcr_validation.invalid_pcr_4");
    node.mask = 0;
    untrusted(node.attest(AttestationState.NONE), "pcr_validation.missing_pcrs");
  }

  @Test
  void withoutAMaskTheSignedSelectionStandsButPoliciesDemandWhatTheyNeed() {
    TestNode node = new TestNode();
    PcrPolicy unasked =
        new PcrPolicy(
            OptionalInt.empty(), PcrPolicy.parse("{\"4\":\"" + "0".repeat(64) + "\"}").allowed());
    ReferenceValues reference =
        new ReferenceValues(
            node.tpm.ak(),
            AcceptedAlgorithms.DEFAULT,
            unasked,
            Optional.empty(),
            Optional.empty(),
            false,
            ViolationPolicy.STRICT,
            SeverityPolicy.STRICT);
    SignedQuote four = node.tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, 1 << 4));
    trusted(
        Appraisal.appraise(
            node.evidence(four, Optional.empty()), reference, AttestationState.NONE));
    SignedQuote none = node.tpm.quote(bytes(NONCE), new PcrSelection(HashAlg.SHA256, 0));
    untrusted(
        Appraisal.appraise(node.evidence(none, Optional.empty()), reference, AttestationState.NONE),
        "pcr_validation.missing_pcrs");
  }

  @Test
  void t11_everyFlippedBitOfAttestAndSignatureIsUntrusted() {
    TestNode node = new TestNode();
    Evidence good = node.answer(0);
    trusted(node.appraise(good, AttestationState.NONE));
    SignedQuote quote = good.quote();
    for (int bit = 0; bit < 8 * quote.attest().size(); bit += 3) {
      SignedQuote bad = new SignedQuote(flip(quote.attest(), bit), quote.signature(), quote.pcrs());
      untrusted(node.appraise(node.evidence(bad, good.ima()), AttestationState.NONE), BAD_QUOTE);
    }
    for (int bit = 0; bit < 8 * quote.signature().size(); bit += 3) {
      SignedQuote bad = new SignedQuote(quote.attest(), flip(quote.signature(), bit), quote.pcrs());
      untrusted(node.appraise(node.evidence(bad, good.ima()), AttestationState.NONE), BAD_QUOTE);
    }
  }

  @Test
  void t10_noGarbageMakesItThrow() {
    TestNode node = TestNode.withFiles("/bin/a");
    Evidence good = node.answer(0);
    Random random = new Random(42);
    for (int i = 0; i < 300; i++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      Bytes bytes = Bytes.of(noise);
      SignedQuote quote = good.quote();
      SignedQuote bad =
          switch (i % 3) {
            case 0 -> new SignedQuote(bytes, quote.signature(), quote.pcrs());
            case 1 -> new SignedQuote(quote.attest(), bytes, quote.pcrs());
            default -> new SignedQuote(bytes, bytes, quote.pcrs());
          };
      untrusted(node.appraise(node.evidence(bad, good.ima()), AttestationState.NONE), BAD_QUOTE);
      Verdict onLog =
          node.appraise(
              node.evidence(quote, Optional.of(new ImaSlice(bytes, 0))), AttestationState.NONE);
      assertThat(onLog).isInstanceOf(Verdict.Untrusted.class);
    }
  }

  @Test
  void attack9and16_anotherMagicTypeOrTrailingByteIsUntrustedEvenIfSigned() {
    TestNode node = new TestNode();
    node.tpm.bind(HashAlg.SHA256, TestNode.KEY);
    PcrValues values = node.tpm.pcrs(new PcrSelection(HashAlg.SHA256, 1 << 16));
    Attest genuine = node.tpm.attestation(bytes(NONCE), values);
    byte[] attest = genuine.encode().toArray();
    byte[] magic = attest.clone();
    magic[0] ^= 1;
    byte[] type = attest.clone();
    type[5] = 0x17;
    byte[] trailing = Arrays.copyOf(attest, attest.length + 1);
    byte[] truncated = Arrays.copyOf(attest, attest.length - 1);
    for (byte[] wrong : List.of(magic, type, trailing, truncated)) {
      Bytes signed = Bytes.of(wrong);
      SignedQuote quote = new SignedQuote(signed, node.tpm.akKey().sign(signed).encode(), values);
      untrusted(
          node.appraise(node.evidence(quote, Optional.empty()), AttestationState.NONE), BAD_QUOTE);
    }
  }

  private static Bytes flip(Bytes bytes, int bit) {
    byte[] copy = bytes.toArray();
    copy[bit / 8] ^= (byte) (1 << (bit % 8));
    return Bytes.of(copy);
  }

  @Test
  void stateGoesThroughItsPortableFormUnchanged() {
    TestNode node = TestNode.withFiles("/bin/a");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    AttestationState read = AttestationState.fromJson(Json.object(Json.bytes(state.toJson())));
    assertThat(read.toJson()).isEqualTo(state.toJson());
    assertThat(read.nextImaEntry()).isEqualTo(2);
    trusted(node.attest(read));
    assertThat(AttestationState.fromJson(AttestationState.NONE.toJson()))
        .isEqualTo(AttestationState.NONE);
  }
}
