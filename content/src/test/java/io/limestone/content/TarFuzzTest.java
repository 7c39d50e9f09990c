package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** Whatever the bytes are: a layer that can be applied, or "malformed"; never else. */
class TarFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreALayerOrMalformed(byte[] layer) throws IOException {
    try {
      FileTree tree = new FileTree();
      tree.apply(
          TarFileSystem.read(
              new ByteArrayInputStream(layer), HashAlg.SHA256, new Budget(1 << 20, 1000), true));
      tree.forEachFile((path, digest, owner) -> assertThat(path).startsWith("/"));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
