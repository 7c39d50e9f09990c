package io.limestone.appraisal;

import static io.limestone.appraisal.BootedMachine.hash;
import static io.limestone.appraisal.BootedMachine.lists;
import static io.limestone.appraisal.BootedMachine.text;
import static io.limestone.appraisal.BootedMachine.utf16;
import static io.limestone.appraisal.BootedMachine.variable;
import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.ReferenceStateMaker;
import io.limestone.testkit.BootLogWriter;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Boots that a policy does not allow, and what somebody with root on the node can do to let them
 * pass: to the log whatever he likes, to the PCRs only further extensions. Judged by both kinds of
 * policy.
 */
class BootPolicyAttacksTest {
  private static final String POLICY = new BootedMachine().policy();
  private static final String REFERENCE_STATE =
      Json.text(ReferenceStateMaker.make(new BootedMachine().events()));

  private static final List<BootPolicy> BOTH =
      List.of(
          BootPolicy.of("accept-all", POLICY).at(BootedMachine.NOW),
          BootPolicy.of("example", REFERENCE_STATE));

  @Test
  void theUnalteredBootIsTrustedByBoth() {
    trusted(new BootedMachine().judgedBy(POLICY));
    TestNode node = new BootedMachine().node("{}");
    node.boot = Optional.of(BootPolicy.of("example", REFERENCE_STATE));
    trusted(node.attest(AttestationState.NONE));
  }

  /** What a log says of a boot whose PCRs are those of another log, by both kinds of policy. */
  private static void refused(BootLog booted, Bytes sent, String what) {
    Map<Integer, Bytes> pcrs = booted.replay(HashAlg.SHA256).values();
    for (BootPolicy policy : BOTH) {
      assertThat(BootCheck.judge(policy, sent, HashAlg.SHA256, pcrs).passed())
          .as("%s by %s", what, policy.name())
          .isFalse();
    }
  }

  /** A boot that is not allowed, and what the TPM measured of it. */
  private record Evil(String what, int pcr, Bytes measured, Consumer<BootedMachine> boot) {
    BootedMachine machine() {
      BootedMachine machine = new BootedMachine();
      boot.accept(machine);
      return machine;
    }

    /** The event that gives it away. */
    BootEvent event() {
      Bytes digest = HashAlg.SHA256.digest(measured);
      return machine().log().events().stream()
          .filter(event -> event.pcr() == pcr && event.digests().containsValue(digest))
          .findFirst()
          .orElseThrow();
    }

    @Override
    public String toString() {
      return what;
    }
  }

  static Stream<Evil> evil() {
    Bytes mine = text("my key");
    return Stream.of(
        new Evil("a program", 4, text("evil"), m -> m.programs.add("evil")),
        new Evil("a shim", 4, text("evil"), m -> m.programs.set(0, "evil")),
        new Evil("an initrd", 9, text("evil"), m -> m.initrd = "evil"),
        new Evil("a list of keys", 14, text("evil"), m -> m.mok = "evil"),
        new Evil(
            "a command line",
            8,
            text("/vmlinuz init=/bin/sh"),
            m -> m.commandLine = Optional.of("/vmlinuz init=/bin/sh")),
        new Evil(
            "Secure Boot off",
            7,
            variable(Guid.GLOBAL, "SecureBoot", Bytes.of((byte) 0)),
            m -> m.secureBoot = 0),
        new Evil(
            "a platform key",
            7,
            variable(Guid.GLOBAL, "PK", lists(SignatureList.X509, List.of(mine))),
            m -> m.platformKeys = List.of(mine)),
        new Evil(
            "a key in db",
            7,
            variable(Guid.IMAGE_SECURITY, "db", lists(SignatureList.X509, List.of(mine))),
            m -> m.keys = List.of(mine)),
        new Evil(
            "an old dbx",
            7,
            variable(Guid.IMAGE_SECURITY, "dbx", lists(SignatureList.SHA256, List.of(hash("x")))),
            m -> m.revoked = List.of(hash("x"))));
  }

  /** No digest is of an event's type: it can be called anything, with any data beside it. */
  @ParameterizedTest
  @MethodSource("evil")
  void attack24_anEventCalledAnotherDoesNotLetABootPass(Evil evil) {
    BootLog booted = evil.machine().log();
    BootEvent event = evil.event();
    refused(booted, BootLogWriter.of(booted).bytes(), "unaltered");
    for (EventType type : EventType.values()) {
      for (Bytes data :
          List.of(
              event.data(),
              Bytes.EMPTY,
              evil.measured, // whose hash is the digest: proven, as far as its type goes
              text("grub_cmd: " + utf8(evil.measured)),
              text("kernel_cmdline: " + utf8(evil.measured)),
              text("/grub/grub.cfg\0"),
              Bytes.of(new byte[4]))) {
        for (int pcr : data.isEmpty() ? List.of(evil.pcr, 10, 23) : List.of(evil.pcr)) {
          long code = type == EventType.UNKNOWN ? 0x40e : type.code();
          Bytes sent = BootLogWriter.of(booted).relabel(event.number(), pcr, code, data).bytes();
          refused(booted, sent, type + " of PCR " + pcr + ": " + data.hex());
        }
      }
    }
  }

  private static String utf8(Bytes bytes) {
    return new String(bytes.toArray(), java.nio.charset.StandardCharsets.UTF_8);
  }

  /**
   * Whoever wrote a program has the bytes whose hash is its Authenticode digest, so that they can
   * stand in the log as a proven text; and an archive may begin like UTF-16.
   */
  @Test
  void attack24_aProgramLoggedAsAProvenTextIsUntrusted() {
    Bytes program = text("MZ, and all the rest of a program");
    for (int pcr : List.of(2, 4)) {
      BootedMachine machine = new BootedMachine().later(pcr, EventType.EV_EFI_ACTION, program);
      refused(machine.log(), machine.writer().bytes(), "PCR " + pcr);
    }
    String action = "Calling EFI Application from Boot Option";
    for (String like : List.of(action + "\0", action + "\0MZ", action + " ", "calling EFI")) {
      BootedMachine machine = new BootedMachine().later(4, EventType.EV_EFI_ACTION, text(like));
      assertThat(machine.judgedBy(POLICY)).as(like).isInstanceOf(Verdict.Untrusted.class);
    }
    trusted(new BootedMachine().later(4, EventType.EV_EFI_ACTION, text(action)).judgedBy(POLICY));

    String anyLine = new BootedMachine().policy(Map.of("command_lines", "any"));
    trusted(new BootedMachine().later(12, EventType.EV_IPL, utf16("quiet")).judgedBy(anyLine));
    for (String archive :
        List.of("5d0000800000000000", "5d008041424344450000", "7100000001020000")) {
      Bytes initrd = Bytes.ofHex(archive.length() % 4 == 0 ? archive : archive + "00");
      BootedMachine machine = new BootedMachine().later(12, EventType.EV_IPL, initrd);
      assertThat(machine.judgedBy(anyLine)).as(archive).isInstanceOf(Verdict.Untrusted.class);
    }
  }

  @Test
  void attack24_theLogOfAnotherMachineIsUntrusted() {
    Bytes sent = new BootedMachine().writer().bytes();
    for (Evil evil : evil().toList()) {
      BootLog booted = evil.machine().log();
      untrusted(
          BootedMachine.node(booted, sent, POLICY).attest(AttestationState.NONE),
          "measured_boot.invalid_pcr_" + evil.pcr);
    }
  }

  /** EV_NO_ACTION is not extended: as many as there may be, wherever they stand, say nothing. */
  @Test
  void attack24_moreEventsWithoutActionSayNothing() {
    BootLog booted = new BootedMachine().log();
    BootLogWriter more = BootLogWriter.of(booted);
    for (int i = 0; i < 5000; i++) {
      more.event(i % 16, EventType.EV_NO_ACTION, variable(Guid.GLOBAL, "SecureBoot", text("x")));
    }
    trusted(BootedMachine.node(booted, more.bytes(), POLICY).attest(AttestationState.NONE));
    for (Evil evil : evil().toList()) {
      BootLogWriter log = BootLogWriter.of(evil.machine().log());
      for (BootEvent good : booted.events()) {
        log.event(good.pcr(), EventType.EV_NO_ACTION, good.data());
      }
      refused(evil.machine().log(), log.bytes(), evil.what);
    }
    for (int i = 0; i < 20_000; i++) {
      more.event(0, EventType.EV_NO_ACTION, Bytes.EMPTY);
    }
    untrusted(
        BootedMachine.node(booted, more.bytes(), POLICY).attest(AttestationState.NONE),
        "measured_boot.parser.tpm2_eventlog.error");
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 16, 17, 20, 22, 23})
  void attack24_eventsOfPcrsThatSayNothingOfABootSayNothing(int pcr) {
    BootLog booted = new BootedMachine().log();
    for (Evil evil : evil().toList()) {
      BootLogWriter log = BootLogWriter.of(evil.machine().log());
      booted.events().forEach(good -> log.event(pcr, good.type(), good.data()));
      refused(evil.machine().log(), log.bytes(), evil.what);
    }
  }

  /** Honest machines log one for each of PCR 0 to 7; one that is extended too is no better. */
  @TestFactory
  Stream<DynamicTest> attack24_separatorsMissingTwiceOrOfAnErrorAreUntrusted() {
    BootLog booted = new BootedMachine().log();
    return booted.events().stream()
        .filter(event -> event.type() == EventType.EV_SEPARATOR)
        .flatMap(
            separator ->
                Stream.of(
                        BootLogWriter.of(booted).drop(separator.number()),
                        BootLogWriter.of(booted).repeat(separator.number()),
                        BootLogWriter.of(booted)
                            .remeasure(
                                separator.number(),
                                Bytes.of((byte) 1, (byte) 0, (byte) 0, (byte) 0),
                                Bytes.of((byte) 1, (byte) 0, (byte) 0, (byte) 0)))
                    .map(
                        log ->
                            DynamicTest.dynamicTest(
                                "PCR " + separator.pcr(),
                                () ->
                                    refused(
                                        BootLog.parse(log.bytes()),
                                        log.bytes(),
                                        "separator of PCR " + separator.pcr()))));
  }

  @Test
  void attack24_aVariableMeasuredTwiceIsUntrustedWhicheverComesFirst() {
    Bytes on = variable(Guid.GLOBAL, "SecureBoot", Bytes.of((byte) 1));
    Bytes off = variable(Guid.GLOBAL, "SecureBoot", Bytes.of((byte) 0));
    Bytes dbx =
        variable(
            Guid.IMAGE_SECURITY,
            "dbx",
            lists(SignatureList.SHA256, List.of(hash("BootHole"), hash("an old shim"))));
    EventType config = EventType.EV_EFI_VARIABLE_DRIVER_CONFIG;
    for (Bytes first : List.of(on, off, dbx)) {
      BootLogWriter log = new BootLogWriter(HashAlg.SHA256).event(7, config, first);
      new BootedMachine()
          .log()
          .events()
          .forEach(event -> log.event(event.pcr(), event.type(), event.data()));
      refused(BootLog.parse(log.bytes()), log.bytes(), first.hex());
    }
    // Behind the separator it is not the firmware's: it neither counts nor hurts more.
    BootedMachine off2 = new BootedMachine();
    off2.secureBoot = 0;
    off2.later(7, config, on);
    refused(off2.log(), off2.writer().bytes(), "on, said later");
    BootedMachine old = new BootedMachine();
    old.revoked = List.of();
    old.later(7, config, dbx);
    refused(old.log(), old.writer().bytes(), "dbx, said later");
  }

  /** Anybody can extend PCR 7 further: what shim said first cannot be bettered. */
  @Test
  void attack24_aHigherSbatLevelAddedLaterDoesNotHelp() {
    BootedMachine old = new BootedMachine();
    old.sbat = Optional.of("sbat,1,2022\nshim,2\ngrub,1\n");
    Bytes better = variable(Guid.SHIM_LOCK, "SbatLevel", text("sbat,1,2024\nshim,9\ngrub,9\n"));
    old.later(7, EventType.EV_EFI_VARIABLE_AUTHORITY, better);
    Verdict.Untrusted verdict = untrusted(old.judgedBy(POLICY), "measured_boot.policy_limestone");
    assertThat(verdict.worst().check()).contains("generation 3 of grub");
  }

  @ParameterizedTest
  @EnumSource(
      value = HashAlg.class,
      names = {"SHA1", "SHA384", "SHA512", "SM3_256"})
  void attack24_aLogOfAnotherBankThanTheQuotedOneIsUntrusted(HashAlg bank) {
    BootLogWriter other = new BootLogWriter(bank);
    new BootedMachine()
        .log()
        .events()
        .forEach(event -> other.event(event.pcr(), event.type(), event.data()));
    untrusted(
        BootedMachine.node(new BootedMachine().log(), other.bytes(), POLICY)
            .attest(AttestationState.NONE),
        "measured_boot.parser.invalid_pcrs_hashes");
  }

  /** PCR 0 starts with where TPM2_Startup came from, said once and before anything is measured. */
  @ParameterizedTest
  @ValueSource(strings = {"00 00", "00 03", "03 04", "01", "02", "05", "ff", "late", "hcrtm"})
  void attack25_aStartupLocalityThatIsOddIsUntrusted(String localities) {
    BootLogWriter log = new BootLogWriter(HashAlg.SHA256);
    switch (localities) {
      case "late" ->
          log.event(0, EventType.EV_S_CRTM_VERSION, utf16("1.0"))
              .event(0, EventType.EV_NO_ACTION, locality("03"));
      case "hcrtm" -> log.event(0, EventType.EV_EFI_HCRTM_EVENT, text("HCRTM"));
      default -> {
        for (String one : localities.split(" ", -1)) {
          log.event(0, EventType.EV_NO_ACTION, locality(one));
        }
      }
    }
    BootLog booted = new BootedMachine().log();
    booted.events().forEach(event -> log.event(event.pcr(), event.type(), event.data()));
    refusedByReplayOrGrammar(booted, log.bytes(), localities);
  }

  private static void refusedByReplayOrGrammar(BootLog booted, Bytes sent, String what) {
    Verdict verdict = BootedMachine.node(booted, sent, POLICY).attest(AttestationState.NONE);
    assertThat(verdict).as(what).isInstanceOf(Verdict.Untrusted.class);
    assertThat(((Verdict.Untrusted) verdict).failures())
        .extracting(Failure::eventId)
        .contains(
            what.equals("hcrtm")
                ? "measured_boot.invalid_pcr_0"
                : "measured_boot.parser.tpm2_eventlog.error");
  }

  private static Bytes locality(String hex) {
    return Bytes.concat(text("StartupLocality\0"), Bytes.ofHex(hex));
  }

  /** Structures in structures, and as many as fit: read within bounds, or not at all. */
  @Test
  void attack24_hugeAndNestedDataEndsInTime() {
    ByteWriter tags = ByteWriter.littleEndian();
    for (int i = 0; i < 100_000; i++) {
      tags.u32(0x40010001L).u32(8L * (99_999 - i));
    }
    Bytes nested = tags.toBytes();
    Bytes list = lists(SignatureList.SHA256, Collections.nCopies(20_000, HashAlg.SHA256.zeros()));
    Bytes dbx = variable(Guid.IMAGE_SECURITY, "dbx", list);
    Bytes path = Bytes.concat(Bytes.of(new byte[24]), Bytes.ofHex("ffffff0000000000"));
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          for (BootedMachine machine :
              List.of(
                  new BootedMachine().later(5, EventType.EV_EVENT_TAG, nested),
                  new BootedMachine().later(7, EventType.EV_EFI_VARIABLE_DRIVER_CONFIG, dbx),
                  new BootedMachine().later(4, EventType.EV_EFI_BOOT_SERVICES_APPLICATION, path),
                  new BootedMachine().later(8, EventType.EV_IPL, text("[".repeat(1 << 20))))) {
            BootPolicy policy = BootPolicy.of("accept-all", POLICY);
            Bytes log = machine.writer().bytes();
            boolean setting = machine.later.getFirst().pcr() == 5;
            assertThat(BootCheck.judge(policy, log, HashAlg.SHA256, Map.of()).passed())
                .isEqualTo(setting); // PCR 5 is a setting of the machine: any will do
          }
          Bytes deep = text("[".repeat(1 << 20));
          untrusted(
              BootedMachine.node(new BootedMachine().log(), deep, POLICY)
                  .attest(AttestationState.NONE),
              "measured_boot.parser.tpm2_eventlog.error");
        });
  }

  /** An empty document is no way around anything. */
  @Test
  void attack44_anEmptyPolicySkipsNothing() {
    BootedMachine machine = new BootedMachine();
    trusted(machine.node("{}").attest(AttestationState.NONE)); // accept-all
    TestNode later = machine.node("{}");
    later.tpm.measure(4, text("evil"));
    untrusted(later.attest(AttestationState.NONE), "measured_boot.invalid_pcr_4");
    for (String engine : List.of("example", "reject-all", "")) {
      TestNode node = machine.node("{}");
      node.boot = Optional.of(BootPolicy.of(engine, "{}"));
      assertThat(node.attest(AttestationState.NONE)).isInstanceOf(Verdict.Untrusted.class);
    }
    for (String none : List.of("", "[]", "null", "true", "{\"limestone_boot_policy\":1}")) {
      assertThat(machine.judgedBy(none)).as(none).isInstanceOf(Verdict.Untrusted.class);
    }
  }

  /** Two true boots, and a log made of parts of both: no PCR is of both. */
  @Test
  void attack24_aLogSplicedFromTwoBootsIsUntrusted() {
    BootLog good = new BootedMachine().log();
    for (Evil evil : evil().toList()) {
      BootLog booted = evil.machine().log();
      BootLogWriter spliced = new BootLogWriter(HashAlg.SHA256);
      List<BootEvent> events = new ArrayList<>();
      good.events().stream().filter(event -> event.pcr() == evil.pcr).forEach(events::add);
      booted.events().stream().filter(event -> event.pcr() != evil.pcr).forEach(events::add);
      events.forEach(event -> spliced.event(event.pcr(), event.type(), event.data()));
      refused(booted, spliced.bytes(), evil.what);
    }
  }
}
