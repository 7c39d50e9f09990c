package io.limestone.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EncodingTest {
  @ParameterizedTest
  @ValueSource(strings = {"QQ", "QR==", "QQ==\n", " QQ==", "QQ=", "Q-==", "QQ==QQ=="})
  void refusesBase64ThatIsNotCanonical(String text) {
    assertThatThrownBy(() -> Encoding.unbase64(text)).isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0x00", "gg", "00 00"})
  void refusesHexThatIsNotStrict(String text) {
    assertThatThrownBy(() -> Encoding.unhex(text)).isInstanceOf(MalformedException.class);
  }

  @Test
  void showsWhatWouldForgeALogLine() {
    assertThat(Encoding.printable("a\r\nb\u001b[31m\u202e\u2028c", 100))
        .isEqualTo("a\\u000d\\u000ab\\u001b[31m\\u202e\\u2028c");
    assertThat(Encoding.printable("abcdef", 3)).isEqualTo("abc…");
  }

  @Test
  void aReaderNeverPassesItsEnd() {
    ByteReader reader = ByteReader.bigEndian(new byte[] {0, 5, 1, 2});
    assertThatThrownBy(() -> reader.sized16("nonce"))
        .hasMessage("nonce at offset 2 needs 5 bytes, 2 are left");
  }

  @Test
  void readsBothByteOrders() {
    byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8};
    assertThat(ByteReader.bigEndian(bytes).u64("x")).isEqualTo(0x0102030405060708L);
    assertThat(ByteReader.littleEndian(bytes).u64("x")).isEqualTo(0x0807060504030201L);
    assertThatThrownBy(() -> ByteReader.littleEndian(bytes).finish("s"))
        .hasMessageContaining("8 trailing bytes");
  }
}
