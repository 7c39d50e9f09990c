package io.limestone.tpm;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;

/** Whatever a TPM is said to have answered: a structure that is these bytes, or malformed. */
class GrammarFuzzTest {
  private static final TestData.Vector GOOD = TestData.vectors().getFirst();

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreAnAttestOrMalformed(byte[] bytes) {
    try {
      assertThat(Attest.parse(Bytes.of(bytes)).encode()).isEqualTo(Bytes.of(bytes));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreASignatureOrMalformed(byte[] bytes) {
    try {
      assertThat(TpmtSignature.parse(Bytes.of(bytes)).encode()).isEqualTo(Bytes.of(bytes));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreAPublicAreaOrMalformed(byte[] bytes) {
    try {
      TpmtPublic area = TpmtPublic.parse(Bytes.of(bytes));
      assertThat(area.toTpmt()).isEqualTo(Bytes.of(bytes));
      assertThat(area.name().size()).isPositive();
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreACredentialOrMalformed(byte[] bytes) {
    try {
      assertThat(CredentialBlob.parse(Bytes.of(bytes)).encode()).isEqualTo(Bytes.of(bytes));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  /** Nobody else can sign: only what the key signed is a quote of it. */
  @FuzzTest(maxDuration = "1m")
  void anyAttestWithTheSignatureOfAnotherIsRefused(byte[] bytes) {
    SignedQuote forged =
        new SignedQuote(Bytes.of(bytes), GOOD.quote().signature(), GOOD.quote().pcrs());
    if (!Bytes.of(bytes).equals(GOOD.quote().attest())) {
      assertThat(QuoteVerifier.verify(forged, GOOD.ak(), GOOD.nonce(), GOOD.asked()))
          .isInstanceOf(QuoteVerifier.Refused.class);
    }
  }
}
