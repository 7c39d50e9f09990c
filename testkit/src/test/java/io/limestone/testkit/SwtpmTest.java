package io.limestone.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwtpmTest {
  @Test
  void isMadeOnceExtendedFlushedAndSurvivesAPowerCycle(@TempDir Path folder) throws Exception {
    try (Swtpm tpm = Swtpm.on(folder)) {
      assertThat(tpm.caCertificates()).isNotEmpty();
      tpm.extend(10, HashAlg.SHA256, Bytes.of(new byte[32]));
      tpm.flush();
      tpm.powerCycle();
      tpm.extend(10, HashAlg.SHA256, Bytes.of(new byte[32]));
    }
  }
}
