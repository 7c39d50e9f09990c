package io.limestone.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.QuoteVerifier.Step;
import io.limestone.wire.Bytes;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each broken quote is refused by the step that is there for it; each valid one passes. */
class EveryQuoteVariantTest {
  static final Bytes NONCE = Bytes.of("abcdefghij0123456789".getBytes(US_ASCII));
  static final PcrSelection ASKED = new PcrSelection(HashAlg.SHA256, 0x18400);

  record Case(QuoteVariant variant, KeyKind kind) {}

  static Stream<Case> cases() {
    return Stream.of(KeyKind.RSA2048, KeyKind.ECC256, KeyKind.ECC384, KeyKind.ECC521)
        .flatMap(
            kind ->
                Stream.of(QuoteVariant.values())
                    .filter(v -> v.existsFor(kind))
                    .map(v -> new Case(v, kind)));
  }

  static TestAttester attester(KeyKind kind) {
    SoftwareTpm tpm =
        SoftwareTpm.of(
            SoftwareKey.endorsement(kind, kind.shared("ek")),
            List.of(),
            SoftwareKey.attestation(kind, kind.usualScheme(), kind.shared("ak")));
    tpm.measure(10, Bytes.of("a file".getBytes(US_ASCII)));
    tpm.measure(15, Bytes.of("a disk".getBytes(US_ASCII)));
    tpm.bind(HashAlg.SHA256, "a key");
    return new TestAttester(tpm, NONCE, ASKED);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRefusedByItsOwnStepOrPasses(Case each) {
    QuoteVerifier.Result result = each.variant().make(attester(each.kind())).verify();
    if (each.variant().refusedAt().isPresent()) {
      assertThat(result)
          .isInstanceOfSatisfying(
              QuoteVerifier.Refused.class,
              refused -> assertThat(refused.step()).isEqualTo(each.variant().refusedAt().get()));
    } else {
      assertThat(result).isInstanceOf(QuoteVerifier.Verified.class);
    }
  }

  @Test
  void everyStepOfAQuoteHasVariantsThatOnlyItRefuses() {
    Set<Step> refusing = EnumSet.noneOf(Step.class);
    Stream.of(QuoteVariant.values()).forEach(v -> v.refusedAt().ifPresent(refusing::add));
    assertThat(refusing).isEqualTo(EnumSet.complementOf(EnumSet.of(Step.NAME)));
  }
}
