package io.limestone.testkit;

import static io.limestone.testkit.QuoteForgery.append;
import static io.limestone.testkit.QuoteForgery.attested;
import static io.limestone.testkit.QuoteForgery.changeR;
import static io.limestone.testkit.QuoteForgery.changeS;
import static io.limestone.testkit.QuoteForgery.cut;
import static io.limestone.testkit.QuoteForgery.digest;
import static io.limestone.testkit.QuoteForgery.extraData;
import static io.limestone.testkit.QuoteForgery.flipLast;
import static io.limestone.testkit.QuoteForgery.mislabelled;
import static io.limestone.testkit.QuoteForgery.offCurve;
import static io.limestone.testkit.QuoteForgery.patch;
import static io.limestone.testkit.QuoteForgery.patchBack;
import static io.limestone.testkit.QuoteForgery.rsa;
import static io.limestone.testkit.QuoteForgery.selectionOfSize;
import static io.limestone.testkit.QuoteForgery.selections;
import static io.limestone.tpm.ObjectAttributes.ATTESTATION_KEY;

import io.limestone.tpm.Attest;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier.Step;
import io.limestone.tpm.SignatureAlg;
import io.limestone.tpm.SigningScheme;
import io.limestone.tpm.TpmtSignature;
import io.limestone.wire.Bytes;
import java.math.BigInteger;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Every valid quote and every broken one, with the step that must refuse it. A broken one is wrong
 * in its one thing only: signatures are made anew after the change, digests are right. For a key
 * bound to SHA-256 and a verifier that asks for at least two PCRs of bank SHA-256, PCR 0 not among
 * them.
 */
public enum QuoteVariant {
  GENUINE(a -> a.says(a.attest())),
  /** n - s for s: the same signature in its other form, which is as good. */
  HIGH_S(On.ECC, a -> a.signature(changeS(a, (s, n) -> n.subtract(s)))),

  KEY_UNRESTRICTED(Step.KEY, a -> a.byKeyWith(ATTESTATION_KEY & ~ObjectAttributes.RESTRICTED)),
  KEY_NOT_FIXED_TO_TPM(Step.KEY, a -> a.byKeyWith(ATTESTATION_KEY & ~ObjectAttributes.FIXED_TPM)),
  KEY_NOT_FIXED_TO_PARENT(
      Step.KEY, a -> a.byKeyWith(ATTESTATION_KEY & ~ObjectAttributes.FIXED_PARENT)),
  KEY_IMPORTED(
      Step.KEY, a -> a.byKeyWith(ATTESTATION_KEY & ~ObjectAttributes.SENSITIVE_DATA_ORIGIN)),
  KEY_NOT_SIGNING(Step.KEY, a -> a.byKeyWith(ATTESTATION_KEY & ~ObjectAttributes.SIGN)),
  KEY_ALSO_DECRYPTING(Step.KEY, a -> a.byKeyWith(ATTESTATION_KEY | ObjectAttributes.DECRYPT)),
  KEY_IS_THE_EK(Step.KEY, a -> a.enrolled(a.tpm().ek())),

  SIGNATURE_EMPTY(Step.SIGNATURE_STRUCTURE, a -> a.signatureBytes(s -> Bytes.EMPTY)),
  SIGNATURE_TRUNCATED(Step.SIGNATURE_STRUCTURE, a -> a.signatureBytes(cut(1))),
  SIGNATURE_WITH_TRAILING_BYTE(Step.SIGNATURE_STRUCTURE, a -> a.signatureBytes(append(0))),
  SIGNATURE_OF_UNKNOWN_SCHEME(Step.SIGNATURE_STRUCTURE, a -> a.signatureBytes(patch(0, 0, 0x1a))),
  SIGNATURE_OF_UNKNOWN_HASH(Step.SIGNATURE_STRUCTURE, a -> a.signatureBytes(patch(2, 0, 0x10))),
  SIGNATURE_OVERLONG(Step.SIGNATURE_STRUCTURE, a -> a.signatureBytes(patch(4, 0xff, 0xff))),

  SCHEME_RSAPSS_BY_RSASSA_KEY(
      On.RSA,
      Step.SIGNATURE_SCHEME,
      a -> resigned(a, new SigningScheme(SignatureAlg.RSAPSS, HashAlg.SHA256))),
  SCHEME_RSASSA_FOR_ECC_KEY(
      On.ECC,
      Step.SIGNATURE_SCHEME,
      a -> a.signature(s -> new TpmtSignature.Rsa(SignatureAlg.RSASSA, s.hash(), a.nonce()))),
  SCHEME_ECDSA_FOR_RSA_KEY(
      On.RSA,
      Step.SIGNATURE_SCHEME,
      a -> a.signature(s -> new TpmtSignature.Ecdsa(s.hash(), a.nonce(), a.nonce()))),
  HASH_SHA1(Step.SIGNATURE_SCHEME, a -> resigned(a, HashAlg.SHA1)),
  HASH_SHA384(Step.SIGNATURE_SCHEME, a -> resigned(a, HashAlg.SHA384)),

  HASH_MISLABELLED(
      Step.SIGNATURE,
      a -> {
        Bytes attest = a.attest().encode();
        return a.presented(attest, mislabelled(a, attest, HashAlg.SHA384).encode(), a.values());
      }),
  SIGNED_BY_ANOTHER_TPM(
      Step.SIGNATURE,
      a -> {
        SoftwareTpm other = a.tpm().twin();
        return new Presented(other.quote(a.nonce(), a.asked()), a.tpm().ak(), a.nonce(), a.asked());
      }),
  SIGNED_OVER_OTHER_BYTES(
      Step.SIGNATURE,
      a ->
          a.presented(
              a.attest().encode(), a.tpm().akKey().sign(a.attest().encode()).encode(), a.values())),
  RSA_ALTERED(On.RSA, Step.SIGNATURE, a -> a.signature(rsa(QuoteForgery::flipLast))),
  RSA_SHORT(On.RSA, Step.SIGNATURE, a -> a.signature(rsa(cut(1)))),
  RSA_LONG(On.RSA, Step.SIGNATURE, a -> a.signature(rsa(append(0)))),
  RSA_EMPTY(On.RSA, Step.SIGNATURE, a -> a.signature(rsa(s -> Bytes.EMPTY))),
  RSA_ZERO(On.RSA, Step.SIGNATURE, a -> a.signature(rsa(s -> Bytes.of(new byte[s.size()])))),
  R_ZERO(On.ECC, Step.SIGNATURE, a -> a.signature(changeR(a, (r, n) -> BigInteger.ZERO))),
  S_ZERO(On.ECC, Step.SIGNATURE, a -> a.signature(changeS(a, (s, n) -> BigInteger.ZERO))),
  R_IS_N(On.ECC, Step.SIGNATURE, a -> a.signature(changeR(a, (r, n) -> n))),
  S_IS_N(On.ECC, Step.SIGNATURE, a -> a.signature(changeS(a, (s, n) -> n))),
  /** The same residue as the right r: it would verify were the range not checked. */
  R_PLUS_N(On.ECC, Step.SIGNATURE, a -> a.signature(changeR(a, BigInteger::add))),
  S_PLUS_N(On.ECC, Step.SIGNATURE, a -> a.signature(changeS(a, BigInteger::add))),
  KEY_OFF_ITS_CURVE(On.ECC, Step.SIGNATURE, a -> a.byKey(offCurve(a))),

  MAGIC_OF_EXTERNAL_DATA(Step.MAGIC, a -> a.bytes(patch(0, 0xff, 'T', 'C', 'H'))),
  MAGIC_ZERO(Step.MAGIC, a -> a.bytes(patch(0, 0, 0, 0, 0))),

  TYPE_TIME(Step.TYPE, a -> a.bytes(patch(4, 0x80, 0x19))),
  TYPE_CERTIFY(
      Step.TYPE,
      a -> {
        Bytes name = a.tpm().ak().name();
        return a.says(attested(a.attest(), new Attest.Certify(name, name)));
      }),

  ATTEST_EMPTY(Step.ATTEST_STRUCTURE, a -> a.signed(Bytes.EMPTY)),
  ATTEST_TRUNCATED(Step.ATTEST_STRUCTURE, a -> a.bytes(cut(1))),
  ATTEST_HEADER_ONLY(Step.ATTEST_STRUCTURE, a -> a.bytes(b -> b.slice(0, 6))),
  ATTEST_WITH_TRAILING_BYTE(Step.ATTEST_STRUCTURE, a -> a.bytes(append(0))),
  SIGNER_OVERLONG(Step.ATTEST_STRUCTURE, a -> a.bytes(patch(6, 0xff, 0xff))),
  DIGEST_OVERLONG(Step.ATTEST_STRUCTURE, a -> a.bytes(patchBack(34, 0, 33))),
  DIGEST_SHORTER_THAN_SAID(Step.ATTEST_STRUCTURE, a -> a.bytes(patchBack(34, 0, 31))),
  SELECTIONS_UNCOUNTED(Step.ATTEST_STRUCTURE, a -> a.bytes(patchBack(44, 0xff, 0xff, 0xff, 0xff))),
  SELECTION_OF_TWO_BYTES(Step.ATTEST_STRUCTURE, a -> a.signed(selectionOfSize(a.attest(), 2))),
  SELECTION_OF_FOUR_BYTES(Step.ATTEST_STRUCTURE, a -> a.signed(selectionOfSize(a.attest(), 4))),

  NONCE_OF_EARLIER_QUOTE(Step.NONCE, a -> a.madeFor(flipLast(a.nonce()))),
  NONCE_EMPTY(Step.NONCE, a -> a.says(extraData(a.attest(), Bytes.EMPTY))),
  NONCE_CUT(Step.NONCE, a -> a.says(extraData(a.attest(), cut(1).apply(a.nonce())))),
  NONCE_LENGTHENED(Step.NONCE, a -> a.says(extraData(a.attest(), append('0').apply(a.nonce())))),

  SELECTION_SMALLER(Step.SELECTION, a -> selecting(a, HashAlg.SHA256, less(a.asked().mask()))),
  SELECTION_LARGER(Step.SELECTION, a -> selecting(a, HashAlg.SHA256, a.asked().mask() | 1)),
  SELECTION_EMPTY(Step.SELECTION, a -> selecting(a, HashAlg.SHA256, 0)),
  SELECTION_OF_BANK_SHA1(Step.SELECTION, a -> selecting(a, HashAlg.SHA1, a.asked().mask())),
  SELECTION_OF_OTHER_PCRS(Step.SELECTION, a -> selecting(a, HashAlg.SHA256, 1)),
  SELECTION_OF_NOTHING(Step.SELECTION, a -> a.says(selections(a.attest()))),
  SELECTION_TWICE(Step.SELECTION, a -> a.says(selections(a.attest(), a.asked(), a.asked()))),
  SELECTION_OF_TWO_BANKS(
      Step.SELECTION,
      a ->
          a.says(
              selections(a.attest(), a.asked(), new PcrSelection(HashAlg.SHA1, a.asked().mask())))),

  VALUE_BESIDES_THE_SELECTION(Step.PCR_VALUES, a -> a.delivers(a.with(0, HashAlg.SHA256.zeros()))),
  VALUE_MISSING(Step.PCR_VALUES, a -> a.delivers(a.without(a.asked().pcrs().getFirst()))),
  VALUES_OF_BANK_SHA1(
      Step.PCR_VALUES,
      a -> a.delivers(a.tpm().pcrs(new PcrSelection(HashAlg.SHA1, a.asked().mask())))),
  VALUES_NONE(
      Step.PCR_VALUES,
      a -> a.delivers(new io.limestone.tpm.PcrValues(HashAlg.SHA256, new TreeMap<>()))),

  VALUE_ALTERED(
      Step.PCR_DIGEST,
      a -> a.delivers(a.with(a.asked().pcrs().getFirst(), HashAlg.SHA256.digest(a.nonce())))),
  DIGEST_EMPTY(Step.PCR_DIGEST, a -> a.says(digest(a.attest(), Bytes.EMPTY))),
  DIGEST_OF_OTHER_HASH(
      Step.PCR_DIGEST, a -> a.says(digest(a.attest(), a.values().digest(HashAlg.SHA384))));

  private enum On {
    ANY,
    RSA,
    ECC
  }

  private final On on;
  private final Optional<Step> refusedAt;

  @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
  private final Function<TestAttester, Presented> maker;

  QuoteVariant(Function<TestAttester, Presented> maker) {
    this(On.ANY, Optional.empty(), maker);
  }

  QuoteVariant(On on, Function<TestAttester, Presented> maker) {
    this(on, Optional.empty(), maker);
  }

  QuoteVariant(Step refusedAt, Function<TestAttester, Presented> maker) {
    this(On.ANY, Optional.of(refusedAt), maker);
  }

  QuoteVariant(On on, Step refusedAt, Function<TestAttester, Presented> maker) {
    this(on, Optional.of(refusedAt), maker);
  }

  QuoteVariant(On on, Optional<Step> refusedAt, Function<TestAttester, Presented> maker) {
    this.on = on;
    this.refusedAt = refusedAt;
    this.maker = maker;
  }

  /** The step that must refuse it; empty for a valid one. */
  public Optional<Step> refusedAt() {
    return refusedAt;
  }

  /** Whether keys of this kind can make it. */
  public boolean existsFor(KeyKind kind) {
    return switch (on) {
      case ANY -> true;
      case RSA -> kind.isRsa();
      case ECC -> !kind.isRsa();
    };
  }

  public Presented make(TestAttester attester) {
    return maker.apply(attester);
  }

  private static int less(int mask) {
    return mask & (mask - 1);
  }

  private static Presented selecting(TestAttester a, HashAlg bank, int mask) {
    return a.says(selections(a.attest(), new PcrSelection(bank, mask)));
  }

  private static Presented resigned(TestAttester a, HashAlg hash) {
    return resigned(a, new SigningScheme(a.tpm().ak().scheme().orElseThrow().alg(), hash));
  }

  private static Presented resigned(TestAttester a, SigningScheme scheme) {
    Bytes attest = a.attest().encode();
    return a.presented(attest, a.tpm().akKey().sign(scheme, attest).encode(), a.values());
  }
}
