package io.limestone.appraisal;

import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.EventType;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.testkit.BootLogWriter;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs altered in every way that a node with root can, beside true quotes; accept-all judges. */
class BootLogAttacksTest {
  private static final int BOOT_PCRS = 0xfbff; // 0 to 9 and 11 to 15
  private static final String SECURE_BOOT_LOG = "uefi/keylime-secureboot.bin";

  /** A node whose TPM holds what one log says and that sends another. */
  private static TestNode node(BootLog booted, Bytes sent) {
    TestNode node = new TestNode();
    for (BootEvent event : booted.events()) {
      Bytes digest = event.digests().get(HashAlg.SHA256);
      if (event.isExtended() && digest != null) {
        node.tpm.extend(HashAlg.SHA256, event.pcr(), digest);
      }
    }
    node.bootLog = Optional.of(sent);
    node.mask = BOOT_PCRS;
    node.boot = Optional.of(BootPolicy.of("accept-all", "{}"));
    return node;
  }

  private static Verdict verdict(BootLog booted, Bytes sent) {
    return node(booted, sent).attest(AttestationState.NONE);
  }

  private static BootLog genuine() {
    return BootLog.parse(TestData.read(SECURE_BOOT_LOG));
  }

  /** The first event of this type whose payload says the text. */
  private static BootEvent find(EventType type, String text) {
    return genuine().events().stream()
        .filter(event -> event.type() == type && event.payload().toString().contains(text))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theWriterWritesWhatItReads() {
    trusted(verdict(genuine(), BootLogWriter.of(genuine()).bytes()));
  }

  /** Conformance 37: the three forgeries that keep all digests true. */
  @ParameterizedTest
  @CsvSource({
    "EV_IPL, kernel_cmdline",
    "EV_EFI_VARIABLE_DRIVER_CONFIG, SecureBoot",
    "EV_EFI_VARIABLE_DRIVER_CONFIG, name=PK",
    "EV_EFI_VARIABLE_DRIVER_CONFIG, name=KEK",
    "EV_EFI_VARIABLE_DRIVER_CONFIG, name=db,",
    "EV_EFI_VARIABLE_DRIVER_CONFIG, name=dbx",
    "EV_EFI_VARIABLE_AUTHORITY, name=db,",
    "EV_EFI_VARIABLE_AUTHORITY, SbatLevel",
    "EV_EFI_VARIABLE_BOOT, BootOrder",
    "EV_S_CRTM_VERSION, edk2",
    "EV_SEPARATOR, 00000000",
    "EV_EFI_ACTION, Calling EFI Application",
    "EV_EFI_GPT_EVENT, Gpt"
  })
  void attack24_dataThatIsNotWhatTheDigestIsOfIsUntrusted(EventType type, String text) {
    BootEvent event = find(type, text);
    byte[] data = event.data().toArray();
    data[data.length - 2] ^= 1;
    Bytes sent = BootLogWriter.of(genuine()).forge(event.number(), Bytes.of(data)).bytes();
    Verdict.Untrusted verdict =
        untrusted(verdict(genuine(), sent), "measured_boot.unbound_event_data");
    assertThat(verdict.failures())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.check()).contains("event " + event.number(), type.name()));
  }

  /** Programs, files and grub commands: the digest alone counts, and the notes say so. */
  @ParameterizedTest
  @CsvSource({
    "EV_EFI_BOOT_SERVICES_APPLICATION, shimx64",
    "EV_IPL, initramfs",
    "EV_IPL, MokListTrusted",
    "EV_IPL, set pager",
    "EV_EFI_PLATFORM_FIRMWARE_BLOB, FirmwareBlob"
  })
  void attack24_dataThatNothingProvesIsNotUsed(EventType type, String text) {
    BootEvent event = find(type, text);
    byte[] data = event.data().toArray();
    data[data.length - 2] ^= 1;
    Bytes sent = BootLogWriter.of(genuine()).forge(event.number(), Bytes.of(data)).bytes();
    assertThat(BootLog.parse(sent).measured(HashAlg.SHA256).get(event.number() - 1).proven())
        .isEmpty();
    assertThat(trusted(verdict(genuine(), sent)).notes())
        .anySatisfy(
            note -> assertThat(note).contains("not proven", "PCR " + event.pcr() + " " + type));
  }

  @Test
  void attack24_anEventDroppedOrRepeatedIsUntrusted() {
    int number = find(EventType.EV_EFI_VARIABLE_DRIVER_CONFIG, "name=dbx").number();
    for (Bytes sent :
        List.of(
            BootLogWriter.of(genuine()).drop(number).bytes(),
            BootLogWriter.of(genuine()).repeat(number).bytes())) {
      untrusted(verdict(genuine(), sent), "measured_boot.invalid_pcr_7");
    }
  }

  @Test
  void attack24_aMadeUpEventWithATrueHashIsUntrusted() {
    Bytes more =
        BootLogWriter.of(genuine())
            .event(7, EventType.EV_EFI_VARIABLE_DRIVER_CONFIG, ascii("made up"))
            .bytes();
    untrusted(verdict(genuine(), more), "measured_boot.invalid_pcr_7");
  }

  @Test
  void attack24_noActionIsNotHashedAndSoProvesNothing() {
    Bytes sent =
        BootLogWriter.of(genuine())
            .event(0, EventType.EV_NO_ACTION, ascii("SP800-155 Event, made up"))
            .bytes();
    trusted(verdict(genuine(), sent));
    BootLog log = BootLog.parse(sent);
    assertThat(log.measured(HashAlg.SHA256).getLast().proven()).isEmpty();
    assertThat(log.measured(HashAlg.SHA256).getLast().digest()).isEmpty();
  }

  /** PCR 0 starts with the locality; a log that lies about it replays to something else. */
  @ParameterizedTest
  @ValueSource(ints = {3, 4})
  void attack25_aStartupLocalityThatWasNotIsUntrusted(int locality) {
    ByteWriter data = ByteWriter.littleEndian();
    data.bytes(ascii("StartupLocality\0")).u8(locality);
    BootLogWriter sent =
        new BootLogWriter(HashAlg.SHA256)
            .event(0, EventType.EV_NO_ACTION, data.toBytes())
            .event(0, EventType.EV_S_CRTM_VERSION, ascii("1.0"));
    for (int pcr = 0; pcr < 8; pcr++) {
      sent.event(pcr, EventType.EV_SEPARATOR, Bytes.of(new byte[4]));
    }
    untrusted(verdict(BootLog.parse(sent.bytes()), sent.bytes()), "measured_boot.invalid_pcr_0");
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 17, 18, 22, 23})
  void attack25_eventsOfAPcrThatSoftwareCanResetAreNotUsed(int pcr) {
    Bytes sent =
        BootLogWriter.of(genuine())
            .event(pcr, EventType.EV_EFI_VARIABLE_DRIVER_CONFIG, ascii("anything"))
            .bytes();
    TestNode node = node(genuine(), sent);
    assertThat(trusted(node.attest(AttestationState.NONE)).notes())
        .anySatisfy(note -> assertThat(note).contains("PCR [" + pcr + "]", "not used"));
  }

  @Test
  void attack12_aBankThatTheFirmwareDidNotExtendIsUntrusted() {
    BootLog log = BootLog.parse(TestData.read("uefi/intel_svr.bin"));
    BootLogWriter sha256Only = new BootLogWriter(HashAlg.SHA256);
    // The log of a firmware that enables a bank and extends it from PCR 8 on only: the values of
    // its PCRs 0 to 7 are zeros, and software can extend them to whatever it likes.
    for (BootEvent event : log.events()) {
      if (event.pcr() >= 8) {
        sha256Only.event(event.pcr(), event.type(), event.data());
      }
    }
    Bytes sent = sha256Only.bytes();
    Verdict verdict = verdict(BootLog.parse(sent), sent);
    assertThat(((Verdict.Untrusted) verdict).failures())
        .extracting(Failure::eventId)
        .contains("measured_boot.invalid_pcr_0", "measured_boot.invalid_pcr_7");
  }

  @Test
  void aBankWithHolesIsUntrustedForThePcrsConcerned() {
    BootLogWriter log = new BootLogWriter(HashAlg.SHA1, HashAlg.SHA256);
    for (int pcr = 0; pcr < 8; pcr++) {
      log.event(pcr, EventType.EV_SEPARATOR, Bytes.of(new byte[4]));
    }
    byte[] bytes = log.bytes().toArray();
    // The last event's SHA-256 digest becomes one of SHA-1 only: take the event apart by hand.
    int event = 4 + 4 + 4 + 2 + 20 + 2 + 32 + 4 + 4;
    int start = bytes.length - event;
    ByteWriter sent = ByteWriter.littleEndian();
    sent.bytes(Arrays.copyOf(bytes, start));
    sent.u32(7).u32(EventType.EV_SEPARATOR.code()).u32(1).u16(HashAlg.SHA1.id());
    sent.bytes(HashAlg.SHA1.digest(Bytes.of(new byte[4]))).u32(4).bytes(new byte[4]);
    Verdict.Untrusted verdict =
        untrusted(
            verdict(BootLog.parse(log.bytes()), sent.toBytes()), "measured_boot.invalid_pcr_7");
    assertThat(verdict.worst().expected()).contains("digest of bank sha256");
  }

  /** Conformance 16 to 30 and 53: logs that cannot be read. */
  @TestFactory
  Stream<DynamicTest> attack24_logsThatBreakTheGrammarAreUntrusted() {
    byte[] good = TestData.read(SECURE_BOOT_LOG).toArray();
    int first = 65; // the first event behind the header of this log
    return Stream.of(
            Broken.of("truncated inside an event", Arrays.copyOf(good, good.length - 3)),
            Broken.of("five more bytes", Arrays.copyOf(good, good.length + 5)),
            Broken.of("trailing zeros", Arrays.copyOf(good, good.length + 64)),
            Broken.of("2^32-1 digests", patched(good, first + 8, 4, -1)),
            Broken.of("2^31-1 bytes of data", patched(good, first + 12 + 34, 4, 0x7fffffff)),
            Broken.of("an algorithm that the header has not", patched(good, first + 12, 2, 0x99)),
            Broken.of("PCR 24", patched(good, first, 4, 24)),
            Broken.of("PCR 33", patched(good, first, 4, 33)),
            Broken.of("50 algorithms", patched(good, 32 + 24, 4, 50)),
            Broken.of("Spec ID Event02", patched(good, 32 + 14, 1, '2')),
            Broken.of("16 MiB", new byte[16 << 20]))
        .map(
            broken ->
                DynamicTest.dynamicTest(
                    broken.name,
                    () ->
                        untrusted(
                            verdict(genuine(), broken.log),
                            "measured_boot.parser.tpm2_eventlog.error")));
  }

  private record Broken(String name, Bytes log) {
    static Broken of(String name, byte[] log) {
      return new Broken(name, Bytes.of(log));
    }
  }

  private static byte[] patched(byte[] log, int at, int bytes, int value) {
    byte[] patched = log.clone();
    for (int i = 0; i < bytes; i++) {
      patched[at + i] = (byte) (value >>> (8 * i));
    }
    return patched;
  }

  /** Where Keylime accepts what it should not, we do not: none of these is trusted. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "truncated-mid-event",
        "truncated-at-boundary",
        "trailing-zeros-64",
        "trailing-garbage-5",
        "digest-flipped",
        "variable-data-flipped",
        "event-size-huge",
        "unknown-alg-id",
        "pcr-24",
        "specid-50-algs",
        "event-dropped",
        "var-namelen-huge",
        "siglist-sigsize-zero",
        "forged-cmdline-text"
      })
  void everyMutatedLogIsUntrusted(String name) {
    BootLog booted = BootLog.parse(SharedData.read("uefi/mutated/good.bin"));
    Bytes sent = SharedData.read("uefi/mutated/" + name + ".bin");
    assertThat(verdict(booted, sent)).isInstanceOf(Verdict.Untrusted.class);
  }

  /**
   * The type of an event is measured by nobody: the replay is right, and no data is forged. What
   * must not happen is that the event still counts as what it was.
   */
  @Test
  void anEventWhoseTypeWasRenamedProvesNothingOfItsOldType() {
    BootLog booted = BootLog.parse(SharedData.read("uefi/mutated/good.bin"));
    Bytes sent = SharedData.read("uefi/mutated/unknown-event-type.bin");
    trusted(verdict(booted, sent));
    assertThat(BootLog.parse(sent).measured(HashAlg.SHA256))
        .filteredOn(event -> event.type() == EventType.UNKNOWN)
        .singleElement()
        .satisfies(event -> assertThat(event.proven(BootPayload.Variable.class)).isEmpty());
  }

  @Test
  void theUnalteredLogOfTheMutatedOnesIsTrusted() {
    Bytes good = SharedData.read("uefi/mutated/good.bin");
    trusted(verdict(BootLog.parse(good), good));
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }
}
