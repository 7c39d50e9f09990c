package io.limestone.cli.args;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

class InputTest {
  @Test
  void asMuchAsIsAllowedIsReadAndNotAByteMore() throws IOException {
    assertThat(Input.read(bytes(1024), "list", 1024, "list").size()).isEqualTo(1024);
    assertThatThrownBy(() -> Input.read(bytes(1025), "list", 1024, "list"))
        .isInstanceOf(CommandFailed.class)
        .hasMessage("list is larger than 1 KiB: no list that can be used is");
  }

  @Test
  void aStreamWithoutEndIsLeftAtTheBound() {
    assertThatThrownBy(() -> Input.read(new Endless(), "-", 2 << 20, "list"))
        .isInstanceOf(CommandFailed.class)
        .hasMessageContaining("larger than 2 MiB");
  }

  private static InputStream bytes(int size) {
    return new ByteArrayInputStream(new byte[size]);
  }

  private static final class Endless extends InputStream {
    @Override
    public int read() {
      return 0;
    }
  }
}
