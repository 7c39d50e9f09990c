package io.limestone.tpm;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Pem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What other implementations made, this one reads, names and verifies. */
class RealTpmVectorsTest {
  static List<TestData.Vector> vectors() {
    return TestData.vectors();
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void quotesVerify(TestData.Vector v) {
    assertThat(QuoteVerifier.verify(v.quote(), v.ak(), v.nonce(), v.asked()))
        .isInstanceOf(QuoteVerifier.Verified.class);
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void namesAreTheTpms(TestData.Vector v) {
    assertThat(v.ak().name()).isEqualTo(v.akName());
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void keysHaveTheAttributesOfTheirUse(TestData.Vector v) {
    assertThat(v.ak().whyNotAttestationKey()).isEmpty();
    assertThat(v.ek().whyNotEndorsementKey()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void structuresEncodeToTheBytesTheyWereReadFrom(TestData.Vector v) {
    assertThat(Attest.parse(v.quote().attest()).encode()).isEqualTo(v.quote().attest());
    assertThat(TpmtSignature.parse(v.quote().signature()).encode())
        .isEqualTo(v.quote().signature());
    assertThat(TpmtPublic.parse(v.ak().toTpmt())).isEqualTo(v.ak());
  }

  @Test
  void aCertificationNamesTheCertifiedKey() {
    JsonObject v = TestData.swtpm().object("certification");
    TpmtPublic ak = TpmtPublic.parse2b(TestData.hex(v, "ak"));
    TpmtPublic iak = TpmtPublic.parse2b(TestData.hex(v, "iak"));
    Bytes bytes = TestData.hex(v, "attest");
    Attest attest = Attest.parse(bytes);
    assertThat(attest.extraData()).isEqualTo(TestData.hex(v, "qualifyingData"));
    assertThat(attest.attested())
        .isInstanceOfSatisfying(
            Attest.Certify.class, info -> assertThat(info.name()).isEqualTo(ak.name()));
    assertThat(attest.encode()).isEqualTo(bytes);
    // Everything but the qualifying data, which tpm2-tools fixes, is as it has to be.
    assertThat(new Certification(bytes, TestData.hex(v, "signature")).refuse(iak, ak, "node"))
        .hasValueSatisfying(r -> assertThat(r.step()).isEqualTo(QuoteVerifier.Step.NONCE));
  }

  @Test
  void aRealTpmsQuoteVerifies() {
    TpmtPublic ak = TpmtPublic.parse2b(TestData.file("quote/ak.pub"));
    assertThat(ak.name()).isEqualTo(TestData.file("quote/ak.name"));
    assertThat(pem(ak)).isEqualTo(TestData.file("quote/akpub.pem"));
    assertThat(pem(TpmtPublic.parse2b(TestData.file("quote/ek.pub"))))
        .isEqualTo(TestData.file("quote/ekpub.pem"));
    Attest attest = Attest.parse(TestData.file("quote/quote.out"));
    PcrSelection signed = ((Attest.Quote) attest.attested()).selections().getFirst();
    PcrValues pcrs = values(TestData.file("quote/quotepcr.out"), signed);
    SignedQuote quote =
        new SignedQuote(
            TestData.file("quote/quote.out"), TestData.file("quote/quotesig.out"), pcrs);
    assertThat(QuoteVerifier.verify(quote, ak, attest.extraData(), signed))
        .isInstanceOf(QuoteVerifier.Verified.class);
  }

  private static Bytes pem(TpmtPublic key) {
    String pem = Pem.text("PUBLIC KEY", Bytes.of(key.publicKey().getEncoded()));
    return Bytes.of(pem.getBytes(StandardCharsets.US_ASCII));
  }

  /** The values in tpm2-tools' memory image, of at most eight PCRs. */
  private static PcrValues values(Bytes blob, PcrSelection selection) {
    TreeMap<Integer, Bytes> values = new TreeMap<>();
    int at = 140;
    for (int pcr : selection.pcrs()) {
      values.put(pcr, blob.slice(at + 2, at + 2 + selection.bank().size()));
      at += 66;
    }
    return new PcrValues(selection.bank(), values);
  }
}
