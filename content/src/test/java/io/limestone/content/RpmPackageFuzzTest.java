package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.MalformedException;

/** Whatever the bytes are: headers within them, or "malformed"; never else. */
class RpmPackageFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreHeadersOrMalformed(byte[] start) {
    try {
      RpmPackage rpm = RpmPackage.parse(start);
      assertThat(RpmPackage.bytesNeeded(start)).isLessThanOrEqualTo(start.length);
      rpm.files().forEach(file -> assertThat(file.digest().isEmpty()).isFalse());
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
