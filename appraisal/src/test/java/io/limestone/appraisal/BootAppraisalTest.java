package io.limestone.appraisal;

import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Step 6: the event log against the boot PCRs. */
class BootAppraisalTest {
  private static final int BOOT_PCRS = 0xfbff; // 0 to 9 and 11 to 15

  /** A node that booted as a real log says. */
  private static TestNode booted(String file, String engine) {
    TestNode node = new TestNode();
    Bytes log = TestData.read("uefi/" + file);
    for (BootEvent event : BootLog.parse(log).events()) {
      event
          .digests()
          .forEach(
              (bank, digest) -> {
                if (bank == HashAlg.SHA256 && event.isExtended()) {
                  node.tpm.extend(bank, event.pcr(), digest);
                }
              });
    }
    node.bootLog = Optional.of(log);
    node.mask = BOOT_PCRS;
    node.boot = Optional.of(BootPolicy.of(engine, "{}"));
    return node;
  }

  @ParameterizedTest
  @ValueSource(strings = {"keylime-secureboot.bin", "inspur.bin", "intel_svr.bin", "ideapad1.bin"})
  void aGenuineLogIsTrustedByAcceptAll(String file) {
    trusted(booted(file, "accept-all").attest(AttestationState.NONE));
  }

  @Test
  void anEmptyReferenceStateDoesNotSkipTheReplay() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    node.tpm.measure(11, TestNode.bytes("extended at run time"));
    untrusted(node.attest(AttestationState.NONE), "measured_boot.invalid_pcr_11");
  }

  @Test
  void enginesThatAreNotKnownAndRejectAllAcceptNothing() {
    for (String engine : List.of("reject-all", "example", "no-such")) {
      untrusted(
          booted("keylime-secureboot.bin", engine).attest(AttestationState.NONE),
          "measured_boot.policy_" + engine);
    }
  }

  @Test
  void noLogAnEmptyOneAndAHeaderAloneAreUntrusted() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    byte[] log = node.bootLog.orElseThrow().toArray();
    for (Optional<Bytes> none :
        List.of(
            Optional.<Bytes>empty(),
            Optional.of(Bytes.EMPTY),
            Optional.of(Bytes.of(Arrays.copyOf(log, 65))))) {
      node.bootLog = none;
      untrusted(node.attest(AttestationState.NONE), "pcr_validation.unused_pcr_0");
    }
  }

  @Test
  void attack12_bootPcrsThatWereNeverExtendedAreUntrusted() {
    TestNode node = new TestNode();
    node.bootLog = Optional.of(TestData.read("uefi/keylime-secureboot.bin"));
    node.mask = BOOT_PCRS;
    node.boot = Optional.of(BootPolicy.of("accept-all", "{}"));
    Verdict verdict = node.attest(AttestationState.NONE);
    assertThat(((Verdict.Untrusted) verdict).failures())
        .extracting(Failure::eventId)
        .contains("measured_boot.invalid_pcr_0", "measured_boot.invalid_pcr_7");
  }

  @Test
  void attack24_aLogThatCannotBeReadIsUntrusted() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    byte[] log = node.bootLog.orElseThrow().toArray();
    log[32 + 14] = '2'; // Spec ID Event02
    node.bootLog = Optional.of(Bytes.of(log));
    Verdict.Untrusted verdict =
        untrusted(node.attest(AttestationState.NONE), "measured_boot.parser.tpm2_eventlog.error");
    assertThat(verdict.worst().found()).contains("unsupported log format");
  }

  @Test
  void attack24_forgedDataBesideTrueDigestsIsUntrustedWhateverThePolicy() {
    for (String text : List.of("SecureBoot", "kernel_cmdline: ")) {
      TestNode node = booted("keylime-secureboot.bin", "accept-all");
      node.bootLog = Optional.of(forged(node.bootLog.orElseThrow(), text));
      untrusted(node.attest(AttestationState.NONE), "measured_boot.unbound_event_data");
    }
  }

  @Test
  void whatTheDigestsDoNotProveIsSaid() {
    Verdict.Trusted verdict =
        trusted(booted("keylime-secureboot.bin", "accept-all").attest(AttestationState.NONE));
    assertThat(verdict.notes())
        .anySatisfy(
            note -> assertThat(note).contains("not proven", "8 of PCR 9 EV_IPL", "of PCR 4"));
  }

  /** The log with the byte behind a text, ASCII or UTF-16, changed; its digests are kept. */
  private static Bytes forged(Bytes log, String text) {
    byte[] bytes = log.toArray();
    String whole = new String(bytes, StandardCharsets.ISO_8859_1);
    String utf16 =
        new String(text.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.ISO_8859_1);
    int at =
        whole.contains(utf16)
            ? whole.indexOf(utf16) + utf16.length()
            : whole.indexOf(text) + text.length();
    bytes[at] ^= 1;
    return Bytes.of(bytes);
  }

  @Test
  void attack13_aLogOfSha1OnlyDoesNotAnswerForAnotherBank() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    node.bootLog = Optional.of(TestData.read("uefi/hirs-sha1-only.bin"));
    untrusted(node.attest(AttestationState.NONE), "measured_boot.parser.invalid_pcrs_hashes");
  }

  @Test
  void aBankThatTheLogHasNotIsUntrusted() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    node.bank = HashAlg.SHA1;
    node.accepted =
        new AcceptedAlgorithms(Set.of("sha1", "sha256"), Set.of("ecc"), Set.of("ecdsa"));
    untrusted(node.attest(AttestationState.NONE), "measured_boot.parser.invalid_pcrs_hashes");
  }

  @Test
  void bootPcrsThatWereNotAskedForAreMissing() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    node.mask = 0;
    untrusted(node.attest(AttestationState.NONE), "measured_boot.missing_pcrs");
  }

  @Test
  void aReferenceStateThatIsNotJsonIsUntrusted() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    node.boot = Optional.of(BootPolicy.of("accept-all", "{"));
    untrusted(node.attest(AttestationState.NONE), "pcr_validation.invalid_mb_policy");
  }

  /** IMA's aggregate may be of another bank than the quote: the log has both. */
  @ParameterizedTest
  @EnumSource(
      value = HashAlg.class,
      names = {"SHA1", "SHA256"})
  void attack20_theAggregateOfImaIsTheLogsInWhateverBank(HashAlg bank) {
    TestNode node = booted("inspur.bin", "accept-all");
    Bytes aggregate = BootLog.parse(node.bootLog.orElseThrow()).bootAggregates(bank).getFirst();
    node.ima.ng("boot_aggregate", bank, aggregate);
    node.mask = BOOT_PCRS | 1 << 10;
    trusted(node.attest(AttestationState.NONE));

    TestNode other = booted("inspur.bin", "accept-all");
    other.ima.ng("boot_aggregate", bank, bank.digest(aggregate));
    other.mask = BOOT_PCRS | 1 << 10;
    untrusted(other.attest(AttestationState.NONE), "measured_boot.boot_aggregate");
  }

  @Test
  void anAggregateOfABankThatTheLogHasNotIsNotCompared() {
    TestNode node = booted("keylime-secureboot.bin", "accept-all");
    node.ima.ng("boot_aggregate", HashAlg.SHA1, HashAlg.SHA1.zeros());
    node.mask = BOOT_PCRS | 1 << 10;
    assertThat(trusted(node.attest(AttestationState.NONE)).notes())
        .anySatisfy(note -> assertThat(note).contains("boot_aggregate", "not compared"));
  }
}
