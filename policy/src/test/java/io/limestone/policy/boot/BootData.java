package io.limestone.policy.boot;

import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.testkit.Recorded;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.List;

/** Recorded logs as events, and reference states. */
final class BootData {
  static final List<String> GENUINE = Recorded.GENUINE_BOOTS;

  private BootData() {}

  static List<MeasuredEvent> log(String name) {
    return events(ours("uefi/" + name + ".bin"));
  }

  static List<MeasuredEvent> events(Bytes log) {
    return BootLog.parse(log).measured(HashAlg.SHA256);
  }

  static Bytes ours(String name) {
    return Recorded.ours(name);
  }

  static Bytes shared(String name) {
    return Recorded.beside(name)
        .map(Recorded::read)
        .orElseGet(() -> abort("no folder shared/data beside the repository with " + name));
  }
}
