package io.limestone.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.Attest;
import io.limestone.tpm.Certification;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.QuoteVerifier.Step;
import io.limestone.tpm.SignatureAlg;
import io.limestone.tpm.SigningScheme;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An attestation key is bound to its IAK, and to the node's id. */
class CertificationTest {
  private static final String ID = "d432fbb3-d2f1-4a97-9ef7-75bd81c00000";
  private static final Bytes RAW_ID = Bytes.of(ID.getBytes(StandardCharsets.UTF_8));

  private final SoftwareTpm tpm = EveryQuoteVariantTest.attester(KeyKind.ECC256).tpm();

  private static SoftwareKey iak(KeyKind kind) {
    SignatureAlg alg = kind.isRsa() ? SignatureAlg.RSAPSS : SignatureAlg.ECDSA;
    return SoftwareKey.attestation(
        kind, new SigningScheme(alg, HashAlg.SHA256), kind.shared("other"));
  }

  @ParameterizedTest
  @EnumSource
  void bothFormsOfQualifyingDataAreTaken(KeyKind kind) {
    SoftwareKey iak = iak(kind);
    for (Bytes data : new Bytes[] {RAW_ID, HashAlg.SHA256.digest(RAW_ID)}) {
      assertThat(tpm.certifyAk(iak, data).refuse(iak.area(), tpm.ak(), ID)).isEmpty();
    }
  }

  @Test
  void anotherNodesIdIsRefused() {
    SoftwareKey iak = iak(KeyKind.ECC256);
    refusedAt(Step.NONCE, tpm.certifyAk(iak, RAW_ID.slice(0, 35)), iak, tpm);
    refusedAt(Step.NONCE, tpm.certifyAk(iak, HashAlg.SHA384.digest(RAW_ID)), iak, tpm);
    refusedAt(Step.NONCE, tpm.certifyAk(iak, Bytes.EMPTY), iak, tpm);
  }

  @Test
  void anotherKeysCertificationIsRefused() {
    SoftwareKey iak = iak(KeyKind.ECC256);
    refusedAt(Step.NAME, tpm.twin().certifyAk(iak, RAW_ID), iak, tpm);
  }

  @Test
  void anotherIaksSignatureIsRefused() {
    SoftwareKey iak = iak(KeyKind.ECC256);
    refusedAt(Step.SIGNATURE, tpm.certifyAk(tpm.akKey(), RAW_ID), iak, tpm);
  }

  @Test
  void anUnrestrictedIakIsRefused() {
    KeyKind kind = KeyKind.ECC256;
    SoftwareKey iak =
        SoftwareKey.signing(
            kind,
            kind.usualScheme(),
            kind.shared("other"),
            ObjectAttributes.ATTESTATION_KEY & ~ObjectAttributes.RESTRICTED);
    refusedAt(Step.KEY, tpm.certifyAk(iak, RAW_ID), iak, tpm);
  }

  @Test
  void aQuoteIsNoCertification() {
    SoftwareKey iak = iak(KeyKind.ECC256);
    Attest certify = Attest.parse(tpm.certifyAk(iak, RAW_ID).attest());
    Bytes quote =
        QuoteForgery.attested(
                certify, new Attest.Quote(java.util.List.of(), HashAlg.SHA256.zeros()))
            .encode();
    refusedAt(Step.TYPE, new Certification(quote, iak.sign(quote).encode()), iak, tpm);
  }

  @Test
  void trailingBytesAreRefused() {
    SoftwareKey iak = iak(KeyKind.ECC256);
    Bytes longer = Bytes.concat(tpm.certifyAk(iak, RAW_ID).attest(), Bytes.of((byte) 0));
    refusedAt(
        Step.ATTEST_STRUCTURE, new Certification(longer, iak.sign(longer).encode()), iak, tpm);
  }

  private static void refusedAt(
      Step step, Certification certification, SoftwareKey iak, SoftwareTpm tpm) {
    assertThat(certification.refuse(iak.area(), tpm.ak(), ID))
        .hasValueSatisfying(refused -> assertThat(refused.step()).isEqualTo(step));
  }
}
