package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PcrBlobTest {

  @Test
  void theBlobOfTpm2ToolsIsReadAndWrittenAsItWas() {
    Bytes blob = Bytes.of(Recorded.file("quote/quotepcr.out"));
    PcrValues values = PcrBlob.parse(blob);
    assertThat(values.selection().pcrs()).containsExactly(15, 16, 22);
    assertThat(PcrBlob.of(values)).isEqualTo(blob);
  }

  @Test
  void theQuoteTextOfTheRustAgentIsReadAndWrittenAsItWas() {
    String text =
        new String(Recorded.file("quote/rust-test-quote.txt"), StandardCharsets.US_ASCII).strip();
    assertThat(QuoteText.of(QuoteText.parse(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"1, 668", "8, 668", "9, 1200", "16, 1200", "17, 1732", "24, 1732"})
  void blobsHaveThreeSizes(int pcrs, int size) {
    PcrValues values = values(HashAlg.SHA256, pcrs);
    assertThat(PcrBlob.of(values).size()).isEqualTo(size);
    assertThat(PcrBlob.parse(PcrBlob.of(values))).isEqualTo(values);
  }

  @ParameterizedTest
  @EnumSource(HashAlg.class)
  void everyBankIsReadBack(HashAlg bank) {
    assertThat(PcrBlob.parse(PcrBlob.of(values(bank, 11)))).isEqualTo(values(bank, 11));
  }

  @Test
  void everyOtherLayoutIsRefused() {
    refuses("no bank", b -> b[0] = 0);
    refuses("two banks", b -> b[0] = 2);
    refuses("unknown bank", b -> b[4] = 0x7f);
    refuses("sizeofSelect 0", b -> b[6] = 0);
    refuses("sizeofSelect 4", b -> b[6] = 4);
    refuses("PCR 24", b -> b[10] = 1);
    refuses("no PCR", b -> Arrays.fill(b, 7, 10, (byte) 0));
    refuses("a PCR more than there are digests", b -> b[9] |= (byte) 0x80);
    refuses("an unused selection in use", b -> b[12] = 0x0b);
    refuses("no digest list", b -> b[132] = 0);
    refuses("too many digest lists", b -> b[132] = 3);
    refuses("wrong digest count", b -> b[136] = 7);
    refuses("digest of another size", b -> b[140] = 48);
    refuses("something behind a digest", b -> b[140 + 2 + 63] = 1);
    refuses("something in an unused digest", b -> b[b.length - 1] = 1);
  }

  @Test
  void everyOtherLengthIsRefused() {
    byte[] good = PcrBlob.of(values(HashAlg.SHA256, 10)).toArray();
    for (int size = 0; size < good.length + 3; size++) {
      if (size != good.length) {
        Bytes cut = Bytes.of(Arrays.copyOf(good, size));
        assertThatThrownBy(() -> PcrBlob.parse(cut)).isInstanceOf(MalformedException.class);
      }
    }
  }

  private static void refuses(String why, Consumer<byte[]> change) {
    byte[] blob = PcrBlob.of(values(HashAlg.SHA256, 10)).toArray();
    change.accept(blob);
    assertThatThrownBy(() -> PcrBlob.parse(Bytes.of(blob)))
        .as(why)
        .isInstanceOf(MalformedException.class);
  }

  private static PcrValues values(HashAlg bank, int count) {
    Map<Integer, Bytes> values = new TreeMap<>();
    for (int pcr = 0; pcr < count; pcr++) {
      values.put(pcr, bank.digest(Bytes.of((byte) pcr)));
    }
    return PcrValues.of(bank, values);
  }
}
