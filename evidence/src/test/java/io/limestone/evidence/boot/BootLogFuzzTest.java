package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;

/**
 * Whatever the bytes are: they are a log or are malformed, and a log can be replayed, its bindings
 * and facts told, without anything thrown, in every bank.
 */
class BootLogFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void anyBytesAreALogOrMalformed(byte[] bytes) {
    BootLog log;
    try {
      log = BootLog.parse(Bytes.of(bytes));
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
      return;
    }
    for (HashAlg bank : log.banks()) {
      BootLog.Replay replay = log.replay(bank);
      assertThat(replay.values().keySet()).allMatch(pcr -> pcr >= 0 && pcr <= 23);
      assertThat(log.bootAggregates(bank)).hasSizeLessThanOrEqualTo(2);
      BootFacts facts = BootFacts.of(log.measured(bank));
      assertThat(facts.programs().size()).isLessThanOrEqualTo(log.events().size());
    }
    for (BootEvent event : log.events()) {
      assertThat(Quirk.of(event)).doesNotHaveDuplicates();
      assertThat(event.payload().toString()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesAreAnUpdateOfADatabaseOrMalformed(byte[] bytes) {
    try {
      assertThat(DatabaseUpdate.parse(Bytes.of(bytes))).isNotEmpty();
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyBytesHaveATextAsADevicePath(byte[] bytes) {
    assertThat(DevicePath.of(Bytes.of(bytes)).text()).hasSizeLessThan(64 * 70_000 * 2 + 20_000);
  }
}
