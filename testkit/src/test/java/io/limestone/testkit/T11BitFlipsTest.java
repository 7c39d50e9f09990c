package io.limestone.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.PcrValues;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** T11: the verdict is the product of mandatory checks. No single byte of a quote is idle. */
class T11BitFlipsTest {
  @ParameterizedTest
  @EnumSource(names = {"RSA2048", "ECC256"})
  void noFlippedByteOfTheAttestationVerifies(KeyKind kind) {
    Presented good = good(kind);
    for (int i = 0; i < good.quote().attest().size(); i++) {
      for (int mask : new int[] {0x01, 0x80, 0xff}) {
        Bytes flipped = flip(good.quote().attest(), i, mask);
        refused(good, new SignedQuote(flipped, good.quote().signature(), good.quote().pcrs()), i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RSA2048", "ECC256"})
  void noFlippedByteOfTheSignatureVerifies(KeyKind kind) {
    Presented good = good(kind);
    for (int i = 0; i < good.quote().signature().size(); i++) {
      for (int mask : new int[] {0x01, 0x80, 0xff}) {
        Bytes flipped = flip(good.quote().signature(), i, mask);
        refused(good, new SignedQuote(good.quote().attest(), flipped, good.quote().pcrs()), i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RSA2048", "ECC256"})
  void noFlippedByteOfAPcrValueVerifies(KeyKind kind) {
    Presented good = good(kind);
    good.quote()
        .pcrs()
        .values()
        .forEach(
            (pcr, value) -> {
              for (int i = 0; i < value.size(); i++) {
                TreeMap<Integer, Bytes> values = new TreeMap<>(good.quote().pcrs().values());
                values.put(pcr, flip(value, i, 0x01));
                PcrValues changed = new PcrValues(good.asked().bank(), values);
                refused(
                    good,
                    new SignedQuote(good.quote().attest(), good.quote().signature(), changed),
                    i);
              }
            });
  }

  @ParameterizedTest
  @EnumSource(names = {"RSA2048", "ECC256"})
  void noFlippedByteOfTheNonceOrTheQuestionVerifies(KeyKind kind) {
    Presented good = good(kind);
    for (int i = 0; i < good.nonce().size(); i++) {
      Presented other =
          new Presented(good.quote(), good.enrolledAk(), flip(good.nonce(), i, 0x01), good.asked());
      assertThat(other.verify()).isInstanceOf(QuoteVerifier.Refused.class);
    }
    for (int pcr = 0; pcr < 24; pcr++) {
      var asked =
          new io.limestone.tpm.PcrSelection(good.asked().bank(), good.asked().mask() ^ 1 << pcr);
      Presented other = new Presented(good.quote(), good.enrolledAk(), good.nonce(), asked);
      assertThat(other.verify()).isInstanceOf(QuoteVerifier.Refused.class);
    }
  }

  private static Presented good(KeyKind kind) {
    Presented good = QuoteVariant.GENUINE.make(EveryQuoteVariantTest.attester(kind));
    assertThat(good.verify()).isInstanceOf(QuoteVerifier.Verified.class);
    return good;
  }

  private static void refused(Presented good, SignedQuote flipped, int at) {
    Presented changed = new Presented(flipped, good.enrolledAk(), good.nonce(), good.asked());
    assertThat(changed.verify()).as("byte %d", at).isInstanceOf(QuoteVerifier.Refused.class);
  }

  private static Bytes flip(Bytes bytes, int at, int mask) {
    byte[] changed = bytes.toArray();
    changed[at] ^= (byte) mask;
    return Bytes.of(changed);
  }
}
