package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.NONCE;
import static io.limestone.appraisal.TestNode.bytes;
import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.ViolationPolicy;
import io.limestone.testkit.ImaLogWriter;
import io.limestone.testkit.ima.ImaField;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** Step 5: the measurement list. Numbers are of threats §4.4. */
class ImaAppraisalTest {
  private static final String NOT_LISTED = "ima.validation.ima-ng.not_in_allowlist";
  private static final String OTHER_HASH = "ima.validation.ima-ng.runtime_policy_hash";
  private static final String MISMATCH = "ima.pcr_mismatch";

  @Test
  void whatThePolicyListsIsTrustedAndTheNextRequestGoesOnBehindIt() {
    TestNode node = TestNode.withFiles("/bin/a", "/bin/b");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    assertThat(state.nextImaEntry()).isEqualTo(3);
    assertThat(trusted(node.attest(state)).next().nextImaEntry()).isEqualTo(3);
    node.ima.file("/bin/a", "/bin/a");
    assertThat(trusted(node.attest(state)).next().nextImaEntry()).isEqualTo(4);
  }

  @Test
  void anUnknownProgramIsUntrustedAndTheListStartsAgain() {
    TestNode node = TestNode.withFiles("/bin/a");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.ima.file("/tmp/evil", "evil");
    Verdict.Untrusted verdict = untrusted(node.attest(state), NOT_LISTED);
    assertThat(verdict.recoverable()).isTrue();
    assertThat(verdict.worst().found()).isEqualTo("/tmp/evil");
    assertThat(verdict.next().nextImaEntry()).isZero();
    untrusted(node.attest(verdict.next()), NOT_LISTED);
  }

  @Test
  void aChangedProgramIsUntrusted() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.file("/bin/a", "changed");
    untrusted(node.attest(AttestationState.NONE), OTHER_HASH);
  }

  @Test
  void attack17_truncationReorderInsertionDuplicateAndGapAreUntrusted() {
    TestNode node = TestNode.withFiles("/bin/a", "/bin/b", "/bin/c");
    List<String> lines = node.ima.text().lines().toList();
    List<String> reordered = new ArrayList<>(lines);
    Collections.swap(reordered, 1, 2);
    List<String> duplicated = new ArrayList<>(lines);
    duplicated.add(2, lines.get(1));
    List<String> gap = new ArrayList<>(lines);
    gap.remove(1);
    for (List<String> bad : List.of(lines.subList(0, 3), reordered, duplicated, gap)) {
      untrusted(list(node, String.join("\n", bad) + "\n", 0), MISMATCH);
    }
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.ima.file("/bin/a", "/bin/a").file("/bin/b", "/bin/b");
    untrusted(
        node.appraise(with(node, new ImaSlice(bytes(node.ima.textFrom(5)), 4)), state), MISMATCH);
  }

  @Test
  void attack17_aForgedEntryIsUntrustedAlsoWithLiteralOnesAsItsHash() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.file("/tmp/evil", "evil");
    String[] lines = node.ima.text().split("\n", -1);
    lines[2] = lines[2].replaceFirst(" [0-9a-f]{40} ", " " + "f".repeat(40) + " ");
    node.violations = ViolationPolicy.IGNORE;
    untrusted(list(node, String.join("\n", lines), 0), "ima.validation.ima_hash");
    lines[2] = lines[2].replaceFirst(" f{40} ", " " + "0".repeat(40) + " ");
    untrusted(list(node, String.join("\n", lines), 0), MISMATCH);
  }

  @Test
  void attack18_aViolationIsUntrustedAndWhereIgnoredStillNoted() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.violation("/var/log/x");
    untrusted(node.attest(AttestationState.NONE), "ima.validation.tomtou");
    node.violations = ViolationPolicy.IGNORE;
    assertThat(trusted(node.attest(AttestationState.NONE)).notes())
        .anyMatch(note -> note.contains("/var/log/x"));
  }

  @Test
  void attack19_aListThatGrowsDuringTheQuoteIsTrustedAndAskedForAgain() {
    TestNode node = TestNode.withFiles("/bin/a");
    Evidence early = node.answer(0);
    for (int i = 0; i < 1000; i++) {
      node.ima.file("/bin/a", "/bin/a");
    }
    Evidence late =
        node.evidence(early.quote(), Optional.of(new ImaSlice(bytes(node.ima.text()), 0)));
    AttestationState state = trusted(node.appraise(late, AttestationState.NONE)).next();
    assertThat(state.nextImaEntry()).isEqualTo(2);
    assertThat(state.ima().ahead()).isEqualTo(1000);
    assertThat(trusted(node.attest(state)).next().nextImaEntry()).isEqualTo(1002);
  }

  @Test
  void anEntryBeyondTheQuoteIsJudgedToo() {
    TestNode node = TestNode.withFiles("/bin/a");
    Evidence early = node.answer(0);
    node.ima.file("/tmp/evil", "evil");
    Evidence late =
        node.evidence(early.quote(), Optional.of(new ImaSlice(bytes(node.ima.text()), 0)));
    untrusted(node.appraise(late, AttestationState.NONE), NOT_LISTED);
  }

  @Test
  void aQuoteThatStaysBehindTheEntriesSeenIsUntrusted() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.file("/bin/a", "/bin/a");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    ImaProgress ima = state.ima();
    AttestationState saw =
        new AttestationState(
            state.clock(),
            state.publicKeyPem(),
            new ImaProgress(
                ima.nextEntry(), ima.running(), 2, ima.learned(), ima.devices(), ima.aggregate()),
            OptionalLong.empty());
    Evidence quote = node.answer(3);
    node.ima.file("/bin/a", "/bin/a").file("/bin/a", "/bin/a").file("/bin/a", "/bin/a");
    Evidence behind =
        node.evidence(quote.quote(), Optional.of(new ImaSlice(bytes(node.ima.textFrom(3)), 3)));
    untrusted(node.appraise(behind, saw), "ima.quote_progress");
  }

  /** IMA switched off, and a list made up of good entries: none of them is in the TPM. */
  @Test
  void aListThatNoneOfIsInThePcrIsUntrusted() {
    TestNode honest = TestNode.withFiles("/bin/a");
    TestNode off = new TestNode();
    off.mask = honest.mask;
    off.runtime = honest.runtime;
    Evidence quote = off.answer(0);
    Evidence madeUp =
        off.evidence(quote.quote(), Optional.of(new ImaSlice(bytes(honest.ima.text()), 0)));
    untrusted(off.appraise(madeUp, AttestationState.NONE), "pcr_validation.unused_pcr_10");
  }

  @Test
  void attack20_aForgedBootAggregateIsUntrusted() {
    TestNode node = new TestNode();
    node.tpm.measure(4, bytes("kernel"));
    node.ima.ng("boot_aggregate", HashAlg.SHA256, HashAlg.SHA256.digest(bytes("forged")));
    node.runtime = Optional.of(node.policyOfList());
    node.mask = (1 << 10) | 0x3ff;
    untrusted(node.attest(AttestationState.NONE), OTHER_HASH);
    node.runtime = Optional.of(TestNode.policy(Map.of()));
    node.mask = 1 << 10;
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
  }

  @Test
  void attack20_aSecondBootAggregateAfterKexecMustBeThatOfTheBootPcrsToo() {
    TestNode node = new TestNode();
    node.tpm.measure(4, bytes("kernel"));
    node.ima.bootAggregate().file("/bin/a", "/bin/a").bootAggregate();
    node.runtime = Optional.of(TestNode.policy(Map.of("excludes", List.of("/bin"))));
    node.mask = (1 << 10) | 0x3ff;
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.ima.bootAggregate();
    assertThat(trusted(node.attest(state)).notes()).anyMatch(note -> note.contains("kexec"));
    node.ima.ng("boot_aggregate", HashAlg.SHA256, HashAlg.SHA256.digest(bytes("forged")));
    untrusted(node.attest(state), OTHER_HASH);
  }

  /**
   * IMA names a file whose place cannot be told (a detached mount) without its folder; many
   * policies exclude boot_aggregate.
   */
  @Test
  void attack20_aProgramCalledBootAggregateIsNotExcused() {
    TestNode node = new TestNode();
    node.ima.bootAggregate().file("/bin/a", "/bin/a");
    node.runtime = Optional.of(TestNode.policy(Map.of("excludes", List.of("boot_aggregate", "/"))));
    node.mask = 1 << 10;
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.ima.bootAggregate();
    state = trusted(node.attest(state)).next();
    node.ima.file("boot_aggregate", "evil");
    untrusted(node.attest(state), OTHER_HASH);
    untrusted(node.attest(AttestationState.NONE), OTHER_HASH);
    node.mask |= 0x3ff;
    untrusted(node.attest(AttestationState.NONE), OTHER_HASH);
  }

  @Test
  void attack20_aBufferIsNoBootAggregate() {
    TestNode node = new TestNode();
    node.ima.buf("boot_aggregate", HashAlg.SHA256, bytes("x"));
    node.runtime = Optional.of(TestNode.policy(Map.of("excludes", List.of("boot_aggregate"))));
    node.mask = 1 << 10;
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
  }

  @Test
  void aBootAggregateInEachBankIsCompared() {
    for (HashAlg bank : List.of(HashAlg.SHA1, HashAlg.SHA256)) {
      TestNode node = new TestNode();
      node.bank = bank;
      node.accepted =
          new AcceptedAlgorithms(Set.of("sha1", "sha256"), Set.of("ecc"), Set.of("ecdsa"));
      node.tpm.measure(4, bytes("kernel"));
      Bytes digest = node.tpm.pcrs(new PcrSelection(bank, 0xff)).digest();
      node.ima.ng("boot_aggregate", bank, digest);
      node.runtime = Optional.of(TestNode.policy(Map.of("excludes", List.of("/"))));
      node.mask = (1 << 10) | 0x3ff;
      trusted(node.attest(AttestationState.NONE));
      node.tpm.measure(4, bytes("more"));
      untrusted(node.attest(AttestationState.NONE), OTHER_HASH);
    }
  }

  @Test
  void aListThatBeginsAgainWithoutAResetOfTheTpmIsUntrustedAndSaysSo() {
    TestNode node = TestNode.withFiles("/bin/a");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.ima = new ImaLogWriter(node.tpm);
    node.ima.bootAggregate().file("/bin/a", "/bin/a");
    Verdict.Untrusted verdict = untrusted(node.appraise(node.answer(0), state), MISMATCH);
    assertThat(verdict.worst().remedy()).contains("kexec");
    untrusted(node.attest(verdict.next()), MISMATCH);
  }

  @Test
  void aKernelThatPadsSha1DigestsIsNamed() {
    TestNode node = TestNode.withFiles("/bin/a");
    List<ImaRecord> list =
        List.of(
            ImaRecord.of(
                HashAlg.SHA1,
                "ima-ng",
                ImaField.dNg("sha1", HashAlg.SHA1.digest(bytes("x"))),
                ImaField.nNg(bytes("boot_aggregate"))),
            ImaRecord.violation(
                HashAlg.SHA1,
                "ima-ng",
                ImaField.dNg("sha1", HashAlg.SHA1.zeros()),
                ImaField.nNg(bytes("/bin/a"))));
    node.tpm.reboot();
    for (ImaRecord record : list) {
      Bytes padded = Bytes.concat(record.measured(HashAlg.SHA1), Bytes.of(new byte[12]));
      node.tpm.extend(HashAlg.SHA256, 10, padded);
    }
    Evidence evidence =
        node.evidence(quote(node), Optional.of(new ImaSlice(ImaRecord.ascii(list), 0)));
    Verdict.Untrusted verdict = (Verdict.Untrusted) node.appraise(evidence, AttestationState.NONE);
    assertThat(verdict.failures())
        .anyMatch(f -> f.eventId().equals(MISMATCH) && f.remedy().contains("padded SHA-1"));
  }

  @Test
  void attack22_aVerityDigestIsNeverTakenForAHashOfTheContent() {
    TestNode node = TestNode.withFiles("/bin/a");
    Bytes digest = HashAlg.SHA256.digest(bytes("/bin/a"));
    ImaRecord verity =
        ImaRecord.of(
            HashAlg.SHA1,
            "ima-ngv2",
            ImaField.dNgV2("verity", "sha256", digest),
            ImaField.nNg(bytes("/bin/a")));
    ImaRecord named =
        ImaRecord.of(
            HashAlg.SHA1,
            "ima-ngv2",
            ImaField.dNgV2("ima", "sha256", digest),
            ImaField.nNg(bytes("verity:/bin/a")));
    Map<String, Object> content = Map.of("/bin/a", List.of(digest.hex()));
    Map<String, Object> tree = Map.of("verity:/bin/a", List.of(digest.hex()));
    assertThat(judged(node, verity, content)).isEqualTo(NOT_LISTED);
    assertThat(judged(node, verity, tree)).isEqualTo("trusted");
    assertThat(judged(node, named, tree)).isEqualTo(NOT_LISTED);
  }

  private static String judged(TestNode node, ImaRecord record, Map<String, Object> digests) {
    node.runtime =
        Optional.of(
            TestNode.policy(Map.of("digests", digests, "excludes", List.of("boot_aggregate"))));
    node.tpm.reboot();
    node.ima = new ImaLogWriter(node.tpm);
    node.ima.bootAggregate();
    node.tpm.measure(10, record.templateData());
    Bytes list = Bytes.concat(bytes(node.ima.text()), record.ascii());
    return switch (node.appraise(with(node, new ImaSlice(list, 0)), AttestationState.NONE)) {
      case Verdict.Untrusted untrusted -> untrusted.worst().eventId();
      case Verdict.Trusted trusted -> "trusted";
      case Verdict.AskAgain again -> "again";
    };
  }

  @Test
  void theBootAggregateOfTheQuotedPcrsNeedsNoPolicyEntry() {
    TestNode node = new TestNode();
    node.tpm.measure(4, bytes("kernel"));
    node.ima.bootAggregate();
    node.runtime =
        Optional.of(TestNode.policy(Map.of("digests", Map.of("/x", List.of("a".repeat(64))))));
    node.mask = (1 << 10) | 0x3ff;
    trusted(node.attest(AttestationState.NONE));
  }

  @Test
  void aListThatDoesNotBeginWithBootAggregateIsUntrusted() {
    TestNode node = new TestNode();
    node.ima.file("/bin/a", "/bin/a");
    node.runtime = Optional.of(node.policyOfList());
    node.mask = 1 << 10;
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
  }

  @Test
  void attack21_namesWithControlCharactersAreShownEscapedAndNotAllowed() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.file("/bin/a\u001b[31m", "x").file("/bin/\u202ea", "x");
    Verdict.Untrusted verdict =
        untrusted(node.attest(AttestationState.NONE), NOT_LISTED, NOT_LISTED);
    assertThat(verdict.failures())
        .allMatch(f -> f.found().chars().noneMatch(c -> c == 27 || c == 0x202e));
  }

  @Test
  void attack22_anotherTemplateNameOverTheSameFieldsIsUntrusted() {
    TestNode node = TestNode.withFiles("/bin/a");
    String confused = node.ima.text().replaceAll("ima-ng (.*)", "ima-sig $1 ");
    untrusted(
        list(node, confused, 0), "ima.validation.ima_hash", "ima.validation.ima_hash", MISMATCH);
  }

  /**
   * The template ima has no lengths: whatever has 276 bytes can be shown as one of its entries. Of
   * a signed entry the name then begins with what was the end of the digest, which can be ground
   * until an exclude matches it, and the zeros of lengths stand in the midst of it.
   */
  @Test
  void attack22_anEntryShownAsOneOfTheOldTemplateIsUntrustedDespiteExcludes() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.runtime =
        Optional.of(TestNode.policy(Map.of("excludes", List.of("/tmp/", "/bin/a$", "boot_"))));
    Bytes ground = bytes("........../tmp/aaaaa");
    Bytes signature = bytes("\u0003" + "s".repeat(109) + "\0");
    String path = "/evil" + "l".repeat(121);
    node.ima.sig(path, HashAlg.SHA1, ground, signature);
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);

    byte[] data =
        ImaRecord.of(
                HashAlg.SHA1,
                "ima-sig",
                ImaField.dNg("sha1", ground),
                ImaField.nNg(bytes(path)),
                ImaField.hex("sig", signature))
            .templateData()
            .toArray();
    assertThat(data).hasSize(20 + 256);
    String shown =
        "10 "
            + HashAlg.SHA1.digest(Bytes.of(data)).hex()
            + " ima "
            + Bytes.of(Arrays.copyOf(data, 20)).hex()
            + " "
            + new String(data, 20, 255, StandardCharsets.ISO_8859_1);
    String text = node.ima.text();
    String before = text.substring(0, text.lastIndexOf("10 "));
    untrusted(list(node, before + shown + "\n", 0), "ima.parser.entry", MISMATCH);
  }

  @Test
  void attack23_aKeyringThatThePolicyDoesNotNameIsUntrustedDespiteExcludes() {
    TestNode node = TestNode.withFiles("/bin/a");
    Bytes key =
        Bytes.ofBase64(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExtL8HphFZxb2QQXAiA+ngYQ+pfEAwMSG/sHekc3OQfprFg3ygCAkT5A5"
                + "IHaR6L6z5P+g9+xfvWW8dWeKRPGLKQ==");
    node.ima.buf(".ima", HashAlg.SHA256, key);
    node.runtime = Optional.of(TestNode.policy(Map.of("excludes", List.of(".*"))));
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
    node.runtime =
        Optional.of(
            TestNode.policy(
                Map.of(
                    "excludes", List.of("/", "boot_aggregate"),
                    "keyrings", Map.of(".ima", List.of(HashAlg.SHA256.digest(key).hex())))));
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    assertThat(state.ima().learned().size()).isEqualTo(1);
    assertThat(AttestationState.fromJson(state.toJson()).toJson()).isEqualTo(state.toJson());
  }

  @Test
  void attack26_afterARebootATailCountsForNothingAndTheWholeListIsAskedFor() {
    TestNode node = TestNode.withFiles("/bin/a");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.tpm.reboot();
    node.ima = new ImaLogWriter(node.tpm);
    node.ima.bootAggregate().file("/bin/a", "/bin/a").file("/tmp/evil", "evil");
    Verdict tail = node.attest(state);
    assertThat(tail).isInstanceOf(Verdict.AskAgain.class);
    assertThat(tail.next().nextImaEntry()).isZero();
    untrusted(node.attest(tail.next()), NOT_LISTED);
  }

  @Test
  void afterARebootTheWholeListIsJudgedAtOnceIfItComes() {
    TestNode node = TestNode.withFiles("/bin/a", "/bin/b");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    node.tpm.reboot();
    node.ima = new ImaLogWriter(node.tpm);
    node.ima.bootAggregate().file("/bin/b", "/bin/b");
    assertThat(trusted(node.appraise(node.answer(0), state)).next().nextImaEntry()).isEqualTo(2);
  }

  @Test
  void aChangedBootTimeCannotDodgeACheck() {
    TestNode node = TestNode.withFiles("/bin/a");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    AttestationState booted =
        new AttestationState(state.clock(), state.publicKeyPem(), state.ima(), OptionalLong.of(1));
    node.ima.file("/tmp/evil", "evil");
    Evidence e = node.answer(2);
    Evidence lying =
        new Evidence(
            e.nonce(),
            e.hashAlg(),
            e.encAlg(),
            e.signAlg(),
            e.quote(),
            e.publicKeyPem(),
            e.ima(),
            e.bootLog(),
            OptionalLong.of(2));
    Verdict verdict = node.appraise(lying, booted);
    assertThat(verdict).isInstanceOf(Verdict.AskAgain.class);
    untrusted(node.attest(verdict.next()), NOT_LISTED);
  }

  @Test
  void aListFromAnotherEntryThanAskedIsUntrusted() {
    TestNode node = TestNode.withFiles("/bin/a", "/bin/b");
    AttestationState state = trusted(node.attest(AttestationState.NONE)).next();
    for (long entry : new long[] {1, 2, 4, -1, Long.MAX_VALUE}) {
      Verdict.Untrusted verdict =
          untrusted(
              node.appraise(with(node, new ImaSlice(bytes(""), entry)), state),
              "qoute_validation.invalid_ima_entry_nb");
      assertThat(verdict.recoverable()).isFalse();
    }
  }

  @Test
  void noListAnEmptyListAndAPcr10NotAskedForAreUntrustedWhereAPolicyDemandsThem() {
    TestNode node = TestNode.withFiles("/bin/a");
    untrusted(
        node.appraise(node.evidence(quote(node), Optional.empty()), AttestationState.NONE),
        "pcr_validation.unused_pcr_10");
    untrusted(list(node, "", 0), MISMATCH);
    TestNode off = new TestNode();
    off.runtime = node.runtime;
    off.mask = 1 << 10;
    untrusted(off.attest(AttestationState.NONE), "pcr_validation.unused_pcr_10");
    off.mask = 0;
    untrusted(off.attest(AttestationState.NONE), "pcr_validation.missing_pcrs");
  }

  @Test
  void withoutAPolicyTheListMustStillReplay() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.runtime = Optional.empty();
    assertThat(trusted(node.attest(AttestationState.NONE)).notes())
        .anyMatch(note -> note.contains("NOT CHECKED (no runtime policy)"));
    untrusted(list(node, "", 0), MISMATCH);
  }

  @Test
  void everyBankReplaysWithItsOwnDigests() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.bank = HashAlg.SHA1;
    node.accepted =
        new AcceptedAlgorithms(Set.of("sha1", "sha256"), Set.of("ecc"), Set.of("ecdsa"));
    trusted(node.attest(AttestationState.NONE));
  }

  @Test
  void aMillionBadLinesGiveABoundedVerdict() {
    TestNode node = TestNode.withFiles("/bin/a");
    char[] noise = new char[2_000_000];
    Arrays.fill(noise, '\n');
    for (int i = 0; i < noise.length; i += 2) {
      noise[i] = 'x';
    }
    Verdict verdict = list(node, new String(noise), 0);
    assertThat(((Verdict.Untrusted) verdict).failures()).hasSizeLessThan(110);
  }

  private static SignedQuote quote(TestNode node) {
    node.tpm.bind(node.bank, TestNode.KEY);
    return node.tpm.quote(bytes(NONCE), new PcrSelection(node.bank, node.mask | (1 << 16)));
  }

  private static Evidence with(TestNode node, ImaSlice slice) {
    return node.evidence(quote(node), Optional.of(slice));
  }

  private static Verdict list(TestNode node, String text, long first) {
    return node.appraise(with(node, new ImaSlice(bytes(text), first)), AttestationState.NONE);
  }

  /** Else a list and a policy made for it would keep a thread for hours after the caller left. */
  @Test
  void t7_anAppraisalEndsWhenItsThreadIsInterruptedAndThereIsNoVerdict() {
    TestNode node = TestNode.withFiles("/bin/a");
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> node.attest(AttestationState.NONE))
          .isInstanceOf(CancellationException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
