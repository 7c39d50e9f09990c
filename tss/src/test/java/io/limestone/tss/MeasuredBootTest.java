package io.limestone.tss;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootLog;
import io.limestone.testkit.Swtpm;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.wire.Bytes;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real logs, extended into a TPM: its PCRs are what the logs replay to. */
class MeasuredBootTest {
  private static final int BOOT_PCRS = 0xfbff; // 0 to 9 and 11 to 15

  @ParameterizedTest
  @ValueSource(
      strings = {
        "css-flex14vm4-bootlog",
        "ideapad1",
        "intel_svr",
        "keylime-nosb-locality3",
        "keylime-secureboot"
      })
  void aTpmAgreesWithTheReplay(String name, @TempDir Path folder) throws Exception {
    Path file = Path.of(System.getProperty("limestone.testdata"), "uefi", name + ".bin");
    BootLog log = BootLog.parse(Bytes.of(Files.readAllBytes(file)));
    try (Swtpm swtpm = Swtpm.on(folder, "sha1,sha256")) {
      swtpm.measure(log);
      try (Tpm tpm = Tpm.open(swtpm.tcti())) {
        for (HashAlg bank : log.banks()) {
          var values = tpm.readPcrs(new PcrSelection(bank, BOOT_PCRS)).values();
          var replayed = log.replay(bank).values();
          values.forEach(
              (pcr, value) ->
                  assertThat(value)
                      .as("%s PCR %d", bank, pcr)
                      .isEqualTo(replayed.getOrDefault(pcr, bank.zeros())));
        }
      }
    }
  }
}
