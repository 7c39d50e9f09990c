package io.limestone.content;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Whatever the bytes are: content up to a bound, or "malformed"; never else. */
class CompressionFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreContentOrMalformed(byte[] data) throws IOException {
    try {
      new Budget(1 << 20, 1)
          .meter(Compression.decompressed(new ByteArrayInputStream(data)))
          .transferTo(OutputStream.nullOutputStream());
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
