package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.HashAlg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BindingsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ideapad1",
        "inspur",
        "intel_svr",
        "puiterwijk",
        "swtpm_measurements",
        "thyme-eventlog",
        "css-flex14vm4-bootlog",
        "keylime-nosb-locality3",
        "keylime-secureboot",
        "keylime-issue1153",
        "hirs-TpmLog",
        "hirs-sha1-only"
      })
  void noEventOfARealLogIsBrokenInAnyBank(String name) {
    BootLog log = BootLog.parse(TestData.read("uefi/" + name + ".bin"));
    assertThat(log.banks()).isNotEmpty();
    for (HashAlg bank : log.banks()) {
      assertThat(log.measured(bank))
          .filteredOn(event -> event.binding() == Binding.BROKEN)
          .isEmpty();
    }
  }

  @Test
  void theAlteredBootOrderIsFound() {
    assertThat(
            BootLog.parse(TestData.read("uefi/hirs-TpmLog-altered.bin")).measured(HashAlg.SHA256))
        .filteredOn(event -> event.binding() == Binding.BROKEN)
        .singleElement()
        .satisfies(event -> assertThat(event.number()).isEqualTo(25));
  }
}
