package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.content.RpmMetadata.Referenced;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class BoundedRunsTest {
  private static final String MUCH = "x".repeat((1 << 20) + 1);

  private static void contents(String text) throws IOException {
    DebContents.read(
        new ByteArrayInputStream(Archives.bytes(text)), Budget.ofMetadata(), (path, name) -> {});
  }

  private static void packages(String text) throws IOException {
    DebIndex.packages(new ByteArrayInputStream(Archives.bytes(text)), Budget.ofMetadata());
  }

  private static void metadata(String text) throws IOException {
    byte[] stored = Archives.compressed(Archives.bytes(text), GZIPOutputStream::new);
    RpmMetadata.files(
        new ByteArrayInputStream(stored),
        new Referenced(
            "x", HashAlg.SHA256, HashAlg.SHA256.digest(Bytes.of(stored)), OptionalLong.empty()),
        Budget.ofMetadata(),
        (path, digest) -> {});
  }

  @Test
  void aLineWithoutEndIsRefusedBeforeItIsKept() throws IOException {
    contents("usr/bin/a a\n".repeat(200_000));
    for (String text : new String[] {MUCH, "a a\n" + MUCH + "\n"}) {
      assertThatThrownBy(() -> contents(text)).isInstanceOf(MalformedException.class);
      assertThatThrownBy(() -> packages(text))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining("line's end");
    }
  }

  @Test
  void anAttributeOrTextWithoutEndIsRefusedBeforeItIsKept() throws IOException {
    metadata("<r>" + "<a/>".repeat(400_000) + "</r>");
    for (String text :
        new String[] {
          "<r a='" + MUCH + "'/>", "<r>" + MUCH + "</r>", "<r><!--" + MUCH + "--></r>"
        }) {
      assertThatThrownBy(() -> metadata(text))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining("without a '<'");
    }
  }
}
