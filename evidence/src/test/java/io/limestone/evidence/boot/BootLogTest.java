package io.limestone.evidence.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class BootLogTest {
  /** The header of this log is 32 + 33 bytes, its first event starts behind. */
  private static final int FIRST_EVENT = 65;

  @TestFactory
  Stream<DynamicTest> realLogsReplayToTheKnownPcrsOfEveryBank() {
    return Json.object(TestData.read("uefi/expected.json").toArray()).members().entrySet().stream()
        .filter(entry -> ((JsonObject) entry.getValue()).optionalObject("spec_id").isPresent())
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(), () -> replays(entry.getKey(), (JsonObject) entry.getValue())));
  }

  private static void replays(String file, JsonObject expected) {
    BootLog log = BootLog.parse(TestData.anywhere("uefi/" + file));
    assertThat(log.startupLocality()).isEqualTo((int) expected.integer("startup_locality"));
    JsonObject banks = expected.object("pcrs");
    for (String bank : banks.names()) {
      HashAlg alg = HashAlg.named(bank).orElseThrow();
      Map<String, Object> found = new TreeMap<>();
      BootLog.Replay replay = log.replay(alg);
      replay.values().forEach((pcr, value) -> found.put(String.valueOf(pcr), value.hex()));
      assertThat(found).isEqualTo(new TreeMap<>(banks.object(bank).members()));
    }
  }

  /** Of an independent replay with a script. */
  @Test
  void aLogOfTheOldFormHasSha1Only() {
    BootLog log = BootLog.parse(TestData.read("uefi/hirs-sha1-only.bin"));
    assertThat(log.header()).isEmpty();
    assertThat(log.banks()).containsExactly(HashAlg.SHA1);
    assertThat(log.events()).hasSize(28);
    assertThat(log.replay(HashAlg.SHA1).values())
        .containsEntry(7, Bytes.ofHex("54f675801f2f654bf53fc61c36837198fddd7a85"));
    assertThat(log.replay(HashAlg.SHA1).values())
        .containsEntry(0, Bytes.ofHex("1f1e9bf7dea0be1c37c999c4233b0164ed577607"));
  }

  @Test
  void whatIsNoLogIsRefused() {
    for (String file : new String[] {"uefi/bogus.bin", "uefi/empty.bin"}) {
      assertThatThrownBy(() -> BootLog.parse(TestData.read(file)))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void aHeaderAloneIsALogWithoutEvents() {
    byte[] log = good();
    assertThat(BootLog.parse(Bytes.of(Arrays.copyOf(log, FIRST_EVENT))).events()).isEmpty();
  }

  @Test
  void everyCutInsideAnEventIsNoticed() {
    byte[] log = good();
    for (int cut = FIRST_EVENT + 1; cut < FIRST_EVENT + 60; cut++) {
      byte[] shorter = Arrays.copyOf(log, cut);
      assertThatThrownBy(() -> BootLog.parse(Bytes.of(shorter)))
          .as("cut at %d", cut)
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void trailingGarbageAndTrailingZerosAreRefused() {
    byte[] log = good();
    for (int more : new int[] {5, 64}) {
      byte[] longer = Arrays.copyOf(log, log.length + more);
      assertThatThrownBy(() -> BootLog.parse(Bytes.of(longer)))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void hugeCountsAndSizesAreRefusedBeforeAnythingIsAllocated() {
    assertThatThrownBy(() -> BootLog.parse(patched(FIRST_EVENT + 8, 0xffffffff)))
        .hasMessageContaining("digest count");
    assertThatThrownBy(() -> BootLog.parse(patched(28, 0x7fffffff)))
        .hasMessageContaining("first event's size");
    assertThatThrownBy(() -> BootLog.parse(patched(32 + 24, 50)))
        .hasMessageContaining("algorithm count");
  }

  @Test
  void pcrsThatDoNotExistAndUnknownAlgorithmsAreRefused() {
    assertThatThrownBy(() -> BootLog.parse(patched(FIRST_EVENT, 24)))
        .hasMessageContaining("of PCR 24");
    assertThatThrownBy(() -> BootLog.parse(patched(FIRST_EVENT + 12, 0x99)))
        .hasMessageContaining("not in the header");
  }

  @Test
  void anotherSpecIdIsRefused() {
    byte[] log = good();
    log[32 + 14] = '2'; // Spec ID Event02
    assertThatThrownBy(() -> BootLog.parse(Bytes.of(log)))
        .hasMessageContaining("unsupported log format");
  }

  @Test
  void aFlippedDigestBitChangesThePcr() {
    byte[] log = good();
    BootLog.Replay before = BootLog.parse(Bytes.of(log)).replay(HashAlg.SHA256);
    log[FIRST_EVENT + 14] ^= 1;
    BootLog.Replay after = BootLog.parse(Bytes.of(log)).replay(HashAlg.SHA256);
    assertThat(after.values()).isNotEqualTo(before.values());
  }

  private static byte[] good() {
    return TestData.read("uefi/keylime-secureboot.bin").toArray();
  }

  private static Bytes patched(int at, int value) {
    byte[] log = good();
    for (int i = 0; i < (at == FIRST_EVENT + 12 ? 2 : 4); i++) {
      log[at + i] = (byte) (value >>> (8 * i));
    }
    return Bytes.of(log);
  }
}
