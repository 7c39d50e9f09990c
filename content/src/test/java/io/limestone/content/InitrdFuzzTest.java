package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** Whatever the bytes are: a tree whose names stay inside of it, or "malformed"; never else. */
class InitrdFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreAnInitrdOrMalformed(byte[] image) throws IOException {
    try {
      Initrd.read(new ByteArrayInputStream(image), HashAlg.SHA256, new Budget(1 << 20, 1000))
          .forEachFile(
              (path, digest, owner) -> {
                assertThat(path).startsWith("/");
                assertThat(path.split("/", -1)).doesNotContain("..", ".");
                assertThat(digest.size()).isEqualTo(32);
              });
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
