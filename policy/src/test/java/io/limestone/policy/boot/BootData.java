package io.limestone.policy.boot;

import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Recorded logs and reference states: see testdata/PROVENANCE.md, and beside the repository. */
final class BootData {
  /** Every crypto-agile log of a real machine that is in this repository. */
  static final List<String> GENUINE =
      List.of(
          "css-flex14vm4-bootlog",
          "hirs-TpmLog",
          "ideapad1",
          "inspur",
          "intel_svr",
          "keylime-issue1153",
          "keylime-nosb-locality3",
          "keylime-secureboot",
          "puiterwijk",
          "swtpm_measurements",
          "thyme-eventlog");

  private BootData() {}

  static List<MeasuredEvent> log(String name) {
    return events(ours("uefi/" + name + ".bin"));
  }

  static List<MeasuredEvent> events(Bytes log) {
    return BootLog.parse(log).measured(HashAlg.SHA256);
  }

  static Bytes ours(String name) {
    return content(Path.of(System.getProperty("limestone.testdata")).resolve(name));
  }

  /**
   * Data whose licence keeps it out of this repository; where it is missing, the test is skipped.
   */
  static Bytes shared(String name) {
    Path testdata = Path.of(System.getProperty("limestone.testdata")).toAbsolutePath();
    return Stream.of("../../shared/data", "../../../shared/data")
        .map(shared -> testdata.resolve(shared).resolve(name))
        .filter(Files::exists)
        .findFirst()
        .map(BootData::content)
        .orElseGet(() -> abort("no folder shared/data beside the repository with " + name));
  }

  private static Bytes content(Path file) {
    try {
      return Bytes.of(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
