package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.content.RpmMetadata.Referenced;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.OptionalLong;

/** What an RPM repository serves as XML: read, or "malformed"; never else. */
class RpmMetadataFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreRepomdOrMalformed(byte[] repomd) {
    try {
      RpmMetadata.parse(repomd)
          .files()
          .values()
          .forEach(file -> assertThat(file.alg().size()).isGreaterThanOrEqualTo(32));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreMetadataOrMalformed(byte[] xml) throws IOException {
    Referenced itself =
        new Referenced(
            "x", HashAlg.SHA256, HashAlg.SHA256.digest(Bytes.of(xml)), OptionalLong.empty());
    try {
      RpmMetadata.packages(new ByteArrayInputStream(xml), itself, new Budget(1 << 20, 1000));
      RpmMetadata.files(
          new ByteArrayInputStream(xml),
          itself,
          new Budget(1 << 20, 1000),
          (path, digest) -> assertThat(path).isNotNull());
      RpmMetadata.owners(
          new ByteArrayInputStream(xml),
          itself,
          new Budget(1 << 20, 1000),
          (path, name, version) -> assertThat(path).isNotNull());
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
