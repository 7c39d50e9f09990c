package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/** What a Debian repository serves: read, or "malformed"; never else. */
class DebFuzzTest {
  private static Budget budget() {
    return new Budget(1 << 20, 1000);
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreAPackageOrMalformed(byte[] deb) throws IOException {
    try {
      FileTree tree = new FileTree();
      tree.apply(DebPackage.read(new ByteArrayInputStream(deb), HashAlg.SHA256, budget()));
      tree.forEachFile(
          (path, digest, owner) -> assertThat(path.split("/", -1)).doesNotContain("..", "."));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyTextIsAnIndexOrMalformed(byte[] index) throws IOException {
    try {
      DebIndex.packages(new ByteArrayInputStream(index), budget())
          .forEach(listed -> assertThat(listed.sha256().size()).isEqualTo(32));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
    try {
      assertThat(DebIndex.release(index).files()).isNotEmpty();
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyTextIsContentsOrMalformed(byte[] contents) throws IOException {
    try {
      DebContents.read(
          new ByteArrayInputStream(contents),
          budget(),
          (path, name) -> assertThat(path).startsWith("/"));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
