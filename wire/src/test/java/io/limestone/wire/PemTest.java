package io.limestone.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemTest {
  private static final Bytes CONTENT = Bytes.of(new byte[100]);
  private static final String TEXT = Pem.text("X", CONTENT);

  @Test
  void blocksAreWrittenInLinesOf64AndReadBack() {
    assertThat(TEXT.lines()).hasSize(5).allSatisfy(line -> assertThat(line).hasSizeLessThan(65));
    assertThat(TEXT).endsWith("-----END X-----\n");
    assertThat(Pem.strict(TEXT + "\n\n" + TEXT, 2))
        .containsExactly(new Pem.Block("X", CONTENT), new Pem.Block("X", CONTENT));
    assertThat(Pem.strict(TEXT.replace("\n", "\r\n"), 1)).hasSize(1);
  }

  @Test
  void filesMayExplainTheirBlocks() {
    assertThat(Pem.file("subject=a\n" + TEXT + "issuer=b\n" + TEXT, 9)).hasSize(2);
    assertThat(Pem.file("nothing here", 9)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "-----BEGIN X",
        "-----BEGIN X-----",
        "-----BEGIN X-----\nAAAA\n-----END Y-----",
        "-----BEGIN X-----\nAAA\n-----END X-----",
        "-----BEGIN X-----\nAA!A\n-----END X-----",
        "-----BEGIN X-----\nAAAA\n-----END X-----\ntrailing"
      })
  void brokenTextIsRefused(String text) {
    assertThatThrownBy(() -> Pem.strict(text, 9)).isInstanceOf(MalformedException.class);
  }

  @Test
  void moreBlocksThanAllowedAreRefused() {
    assertThatThrownBy(() -> Pem.strict(TEXT.repeat(3), 2)).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> Pem.file(TEXT.repeat(3), 2)).isInstanceOf(MalformedException.class);
  }
}
