package io.limestone.appraisal;

import static io.limestone.appraisal.BootedMachine.hash;
import static io.limestone.appraisal.BootedMachine.text;
import static io.limestone.appraisal.Verdicts.trusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.policy.boot.BootPolicyMaker;
import io.limestone.testkit.KeyKind;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every rule of a boot policy of ours, through parser, quote and appraisal: a boot that breaks just
 * this rule is untrusted, and the verdict names this rule and no other.
 */
class BootRuleByRuleTest {
  private static final String PAST = "2026-05-01T00:00:00Z"; // before BootedMachine.NOW
  private static final String FUTURE = "2026-07-01T00:00:00Z";

  private static BootedMachine machine(Consumer<BootedMachine> change) {
    BootedMachine machine = new BootedMachine();
    change.accept(machine);
    return machine;
  }

  /** What the verdict objects to, by its check; the places of events left out. */
  private static List<String> objections(Verdict verdict) {
    return verdict instanceof Verdict.Untrusted untrusted
        ? untrusted.failures().stream()
            .peek(
                failure ->
                    assertThat(failure.eventId()).isEqualTo("measured_boot.policy_limestone"))
            .map(failure -> failure.check().replaceAll(": event .*", ""))
            .toList()
        : List.of();
  }

  private record Broken(String rule, Consumer<BootedMachine> boot) {}

  @TestFactory
  Stream<DynamicTest> aBootThatBreaksOneRuleIsUntrustedAndTheRuleNamed() {
    String policy = machine(m -> m.sections = List.of(".linux")).policy(everySetting());
    trusted(machine(m -> m.sections = List.of(".linux")).judgedBy(policy));
    return Stream.of(
            new Broken("Secure Boot is on", m -> m.secureBoot = 0),
            new Broken("Secure Boot is on", m -> m.secureBoot = 2),
            new Broken(measured("firmware"), m -> m.firmware = "0.9"),
            new Broken(measured("drivers"), m -> m.driver = "another ROM"),
            new Broken(measured("programs"), m -> m.programs.add("memtest")),
            new Broken(measured("programs"), m -> m.programs.set(0, "an old shim")),
            new Broken(measured("loader"), m -> m.loaderData = Optional.of(text("chainload"))),
            new Broken(measured("files"), m -> m.initrd = "another initrd"),
            new Broken(measured("mok"), m -> m.mok = "a key of the machine's owner"),
            new Broken(measured("configuration"), m -> m.setting = "4321"),
            new Broken(measured("system"), m -> m.sections = List.of(".linux", ".dtb")),
            new Broken(
                measured("security"),
                m ->
                    m.later(
                        7,
                        EventType.EV_EFI_VARIABLE_DRIVER_CONFIG,
                        BootedMachine.variable(Guid.GLOBAL, "DebugMode", Bytes.of((byte) 1)))),
            new Broken("every key of PK is among", m -> m.platformKeys = List.of(text("mine"))),
            new Broken("every key of KEK is among", m -> m.exchangeKeys = List.of(text("mine"))),
            new Broken("every key of db is among", m -> m.keys.add(text("mine"))),
            new Broken("what let a program start is among", m -> m.authority = text("mine")),
            new Broken("dbx revokes what the policy demands", m -> m.revoked.removeFirst()),
            new Broken(
                "SbatLevel demands at least generation 3 of grub",
                m -> m.sbat = Optional.of("sbat,1,2022\nshim,2\ngrub,2\n")),
            new Broken(
                "the kernel's command line is one of",
                m -> m.commandLine = Optional.of("/vmlinuz root=UUID=1 ro init=/bin/sh")),
            new Broken("the kernel's command line is known", m -> m.commandLine = Optional.empty()))
        .map(
            broken ->
                DynamicTest.dynamicTest(
                    broken.rule,
                    () -> {
                      BootedMachine machine = machine(m -> m.sections = List.of(".linux"));
                      broken.boot.accept(machine);
                      List<String> found = objections(machine.judgedBy(policy));
                      assertThat(found)
                          .isNotEmpty()
                          .allMatch(check -> check.startsWith(broken.rule));
                    }));
  }

  private static String measured(String member) {
    return "what is measured is among the policy's \"" + member + "\"";
  }

  /** Not "any" setting, but those that there are. */
  private static Map<String, ?> everySetting() {
    List<Object> settings = new ArrayList<>();
    for (var event : new BootedMachine().events()) {
      if (List.of(1, 3, 5, 6).contains(event.pcr())) {
        settings.add(Map.of("sha256", event.digest().orElseThrow().hex()));
      }
    }
    return Map.of("configuration", settings);
  }

  @Test
  void theSmallestFixIsSaidAndIsOne() {
    BootedMachine other = machine(m -> m.programs.add("memtest"));
    Verdict.Untrusted verdict = (Verdict.Untrusted) other.judgedBy(new BootedMachine().policy());
    JsonObject context = Json.object(Json.bytes(verdict.worst().context()));
    JsonObject patch = (JsonObject) context.list("patch").getFirst();
    assertThat(patch.string("path")).isEqualTo("/programs/-");
    assertThat(patch.object("value").string("sha256")).isEqualTo(hash("memtest").hex());
  }

  // Phases of systemd in PCR 11

  private static BootedMachine unified() {
    return machine(
        m -> {
          m.sections = List.of(".linux", ".osrel", ".initrd");
          m.stubCommandLine = Optional.of("root=UUID=1 ro");
          m.commandLine = Optional.empty();
        });
  }

  /** A kernel's sections are in the log; what systemd measures later is not, but known. */
  @ParameterizedTest
  @CsvSource({
    "enter-initrd, false",
    "enter-initrd:leave-initrd, false",
    "enter-initrd:leave-initrd:sysinit, true",
    "enter-initrd:leave-initrd:sysinit:ready, true",
    "enter-initrd:leave-initrd:sysinit:ready:shutdown, false",
    "leave-initrd:enter-initrd:sysinit:ready, false",
    "enter-initrd:enter-initrd:leave-initrd:sysinit:ready, false",
    "'', false"
  })
  void aNodeMayBeInThePhasesThatAreListedAndInNoOther(String measured, boolean trusted) {
    String ready = "enter-initrd:leave-initrd:sysinit";
    String policy = unified().policy(Map.of("phases", List.of(ready, ready + ":ready")));
    TestNode node = unified().node(policy);
    for (String phase : measured.isEmpty() ? new String[0] : measured.split(":", -1)) {
      node.tpm.measure(11, text(phase));
    }
    Verdict verdict = node.attest(AttestationState.NONE);
    if (trusted) {
      trusted(verdict);
    } else {
      Verdicts.untrusted(verdict, "measured_boot.invalid_pcr_11");
    }
  }

  @Test
  void withoutPhasesNothingMayFollowTheLogAndTheEmptyPathSaysNothingOrThese() {
    TestNode ready = unified().node(unified().policy());
    ready.tpm.measure(11, text("enter-initrd"));
    Verdicts.untrusted(ready.attest(AttestationState.NONE), "measured_boot.invalid_pcr_11");
    String either = unified().policy(Map.of("phases", List.of("", "enter-initrd")));
    trusted(unified().judgedBy(either));
    TestNode entered = unified().node(either);
    entered.tpm.measure(11, text("enter-initrd"));
    trusted(entered.attest(AttestationState.NONE));
  }

  @Test
  void anotherKernelInTheSamePhaseIsUntrusted() {
    String policy = unified().policy(Map.of("phases", List.of("enter-initrd")));
    BootedMachine other = unified();
    other.sections = List.of(".linux", ".osrel", ".splash");
    TestNode node = other.node(policy);
    node.tpm.measure(11, text("enter-initrd"));
    assertThat(objections(node.attest(AttestationState.NONE))).containsOnly(measured("system"));
  }

  // SBAT

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sbat,1,2023\\nshim,2\\ngrub,3\\n|true",
        "sbat,1,2024\\nshim,4\\ngrub,5\\nsystemd-boot,1\\n|true",
        "grub,3\\nshim,2|true",
        "sbat,1\\nshim,2\\n|false",
        "sbat,1\\nshim,2\\ngrub,2\\n|false",
        "sbat,1\\nshim,2\\ngrub\\n|false",
        "sbat,1\\nshim,2\\ngrub,\\n|false",
        "sbat,1\\nshim,2\\ngrub,three\\n|false",
        "sbat,1\\nshim,2\\ngrub,-3\\n|false",
        "sbat,1\\nshim,2\\ngrub,0x3\\n|false",
        "sbat,1\\nshim,2\\ngrub,99999999999999999999\\n|false",
        "sbat,1\\nshim,2\\nGRUB,3\\n|false",
        "sbat,1\\nshim,2\\ngrub,2\\ngrub,3\\n|false",
        "sbat,1\\nshim,2\\ngrub,3\\ngrub,2\\n|false",
        "\\u0000grub,3\\nshim,2|false",
        "|false"
      })
  void everyComponentNeedsItsLeastGeneration(String level, boolean trusted) {
    String policy = new BootedMachine().policy();
    assertThat(policy).contains("\"component\":\"grub\",\"level\":3");
    String text = level == null ? "" : level.replace("\\n", "\n").replace("\\u0000", "\0");
    List<String> found = objections(machine(m -> m.sbat = Optional.of(text)).judgedBy(policy));
    assertThat(found.isEmpty()).as("%s", found).isEqualTo(trusted);
    assertThat(found).allMatch(check -> check.startsWith("SbatLevel demands at least"));
  }

  @Test
  void withoutSbatLevelNoDemandIsMet() {
    List<String> found =
        objections(machine(m -> m.sbat = Optional.empty()).judgedBy(new BootedMachine().policy()));
    assertThat(found).hasSize(2).allMatch(check -> check.startsWith("SbatLevel demands at least"));
  }

  // Signers

  @Test
  void aSignerByPublicKeyOutlivesItsCertificateAndOneByCertificateDoesNot() {
    Bytes renewed = BootedMachine.certificate(BootedMachine.SIGNER);
    BootedMachine next = machine(m -> m.authority = renewed);
    next.keys = List.of(renewed);
    String key =
        HashAlg.SHA256.digest(Bytes.of(BootedMachine.SIGNER.getPublic().getEncoded())).hex();
    JsonObject made = Json.object(new BootedMachine().policy());
    assertThat(objections(next.judgedBy(Json.text(made))))
        .containsExactlyInAnyOrder(
            "every key of db is among the policy's keys.db",
            "what let a program start is among the policy's keys.authorities");
    String byKey =
        new BootedMachine()
            .policy(
                Map.of(
                    "keys",
                    Map.of(
                        "PK",
                        "any",
                        "KEK",
                        "any",
                        "db",
                        List.of(Map.of("name", "signer", "public_key", key)),
                        "authorities",
                        List.of(Map.of("public_key", key)))));
    trusted(new BootedMachine().judgedBy(byKey));
    trusted(next.judgedBy(byKey));
    Bytes another = BootedMachine.certificate(KeyKind.ECC256.generate());
    assertThat(objections(machine(m -> m.authority = another).judgedBy(byKey))).hasSize(1);
    assertThat(objections(machine(m -> m.authority = text("no certificate")).judgedBy(byKey)))
        .hasSize(1);
  }

  @Test
  void aProgramMayHaveBeenLetInByItsHashInDb() {
    BootedMachine byHash = machine(m -> m.authority = hash("shim"));
    trusted(byHash.judgedBy(byHash.policy()));
    assertThat(objections(byHash.judgedBy(new BootedMachine().policy()))).hasSize(1);
  }

  // Digests

  @Test
  void onlyTheQuotedBanksDigestAllowsAProgram() {
    String sha384 =
        new BootedMachine()
            .policy(
                Map.of(
                    "programs",
                    Stream.of("shim", "grub", "vmlinuz")
                        .map(one -> Map.of("sha384", HashAlg.SHA384.digest(text(one)).hex()))
                        .toList()));
    assertThat(objections(new BootedMachine().judgedBy(sha384)))
        .hasSize(3)
        .containsOnly(measured("programs"));
  }

  // Command lines

  private static final Map<String, ?> SERVERS =
      Map.of(
          "require", List.of("ro"),
          "allow", List.of("/vmlinuz", "quiet", "dyndbg=\"file a.c +p\""),
          "values", Map.of("root", "UUID=[0-9a-f-]+", "console", "tty(S?)[0-9],?[0-9]*"),
          "forbid", List.of("init", "rd.break", "systemd.debug-shell", "debug=all"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/vmlinuz root=UUID=1 ro|true",
        "ro quiet root=UUID=1 /vmlinuz|true", // order is the kernel's, not the policy's
        "/vmlinuz  \t root=UUID=1\tro|true",
        "/vmlinuz root=UUID=1 ro ro quiet quiet|true",
        "/vmlinuz root=UUID=1 ro console=tty0 console=ttyS0,115200|true",
        "/vmlinuz ro dyndbg=\"file a.c +p\"|true",
        "/vmlinuz root=UUID=1|false", // required
        "/vmlinuz root=UUID=1 ro=|false",
        "/vmlinuz root=UUID=1 RO|false",
        "/vmlinuz root=UUID=1 ro rw|false",
        "/vmlinuz root=UUID=1 root=/dev/sda ro|false", // each of several must do
        "/vmlinuz root=UUID=1x ro|false",
        "/vmlinuz root=xUUID=1 ro|false",
        "/vmlinuz root=\"UUID=1\" ro|false",
        "/vmlinuz root ro|false",
        "/vmlinuz root=UUID=1 ro console=tty\u00010|false",
        "/vmlinuz ro dyndbg=\"file b.c +p\"|false",
        "/vmlinuz ro dyndbg=\"file a.c +p\" +q|false",
        "/vmlinuz ro \"quiet|false",
        "/vmlinuz root=UUID=1 ro init=/bin/sh|false",
        "|false"
      })
  void eachWordOfACommandLineMustBeAllowed(String line, boolean trusted) {
    assertThat(allowed(SERVERS, line == null ? "" : line)).isEqualTo(trusted);
  }

  private static boolean allowed(Map<String, ?> rule, String line) {
    String policy = new BootedMachine().policy(Map.of("command_lines", List.of(rule)));
    Verdict verdict = machine(m -> m.commandLine = Optional.of(line)).judgedBy(policy);
    assertThat(objections(verdict))
        .allMatch(
            check ->
                check.startsWith("the kernel's command line is")
                    || check.equals(measured("loader")));
    return verdict instanceof Verdict.Trusted;
  }

  /** Where everything else may be there, each reader's spelling of what is forbidden is found. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "init=/bin/sh",
        "init",
        "\"init=/bin/sh\"",
        "init=\"/bin/sh\"",
        "\"quiet init=/bin/sh\"",
        "x=\"a b\" init=/bin/sh",
        "x=\"a init=/bin/sh b\"",
        "'init=/bin/sh'",
        "in'i't=/bin/sh",
        "in\\it=/bin/sh",
        "rd.break=pre-mount",
        "systemd.debug-shell",
        "systemd.debug_shell",
        "systemd.debug_shell=1",
        "-- init",
        "debug=all"
      })
  void whatIsForbiddenIsSoHoweverItIsWritten(String word) {
    Map<String, Object> others = new LinkedHashMap<>(SERVERS);
    others.put("others", true);
    assertThat(allowed(others, "/vmlinuz ro " + word)).isFalse();
    assertThat(allowed(others, word + " /vmlinuz ro")).isFalse();
    assertThat(allowed(others, "/vmlinuz ro debug=none initcall=x rd.breaks noinit")).isTrue();
  }

  /** Bytes that are no text look alike: no rule over words can tell them apart. */
  @Test
  void aCommandLineThatCannotBeReadIsNoWordsAndSoUntrusted() {
    Map<String, ?> anything = Map.of("others", true);
    assertThat(allowed(anything, "/vmlinuz quiet")).isTrue();
    for (String line : List.of("/vmlinuz \u001b[2J", "/vmlinuz \ufffd", "/vmlinuz \u0085")) {
      assertThat(allowed(anything, line)).as(line).isFalse();
    }
  }

  /** grub measures up to the NUL, and the kernel reads up to it: what is behind says nothing. */
  @Test
  void whatStandsBehindANulIsNotMeasuredAndNotRead() {
    BootedMachine machine = new BootedMachine();
    machine.commandLine = Optional.empty();
    String line = "/vmlinuz root=UUID=1 ro";
    machine.later.add(
        new BootedMachine.Extra(
            8,
            EventType.EV_IPL,
            text(line),
            text("kernel_cmdline: " + line + "\0 init=/bin/sh\0")));
    trusted(machine.judgedBy(new BootedMachine().policy()));
    machine.later.set(
        0,
        new BootedMachine.Extra(
            8,
            EventType.EV_IPL,
            text(line + "\0 init=/bin/sh"),
            text("kernel_cmdline: " + line + "\0 init=/bin/sh\0")));
    assertThat(machine.judgedBy(new BootedMachine().policy()))
        .isInstanceOf(Verdict.Untrusted.class);
  }

  @Test
  void theArgumentsOfAUnifiedKernelAreJudgedAlike() {
    String policy = unified().policy();
    trusted(unified().judgedBy(policy));
    BootedMachine shell = unified();
    shell.stubCommandLine = Optional.of("root=UUID=1 ro init=/bin/sh");
    assertThat(objections(shell.judgedBy(policy)))
        .containsExactly("the kernel's command line is one of the policy's command_lines");
    BootedMachine hidden = unified();
    hidden.stubCommandLine = Optional.of("root=UUID=1 ro\0init=/bin/sh");
    assertThat(objections(hidden.judgedBy(policy))).contains(measured("system"));
  }

  // Fleets

  private static BootedMachine second() {
    return machine(
        m -> {
          m.programs.set(2, "vmlinuz 2");
          m.initrd = "initrd 2";
          m.commandLine = Optional.of("/vmlinuz root=UUID=2 ro");
          m.sbat = Optional.of("sbat,1,2024\nshim,3\ngrub,4\n");
          m.revoked.add(hash("more"));
        });
  }

  /**
   * The policy of several boots is a list of what may be there, not of boots: parts of one may come
   * with parts of another (docs/boot-policies.md says so), but nothing that none had.
   */
  @Test
  void aFleetsPolicyAllowsEachBootAndMixturesOfTheirPartsAndNothingElse() {
    BootedMachine first = new BootedMachine();
    JsonObject made = BootPolicyMaker.make(List.of(first.events(), second().events())).document();
    String policy = Json.text(made);
    trusted(first.judgedBy(policy));
    trusted(second().judgedBy(policy));
    BootedMachine mixture = second();
    mixture.initrd = first.initrd;
    mixture.commandLine = first.commandLine;
    trusted(mixture.judgedBy(policy));
    BootedMachine merged = second(); // values that differ in the fleet may be any of their form
    merged.commandLine = Optional.of("/vmlinuz root=UUID=3 ro");
    assertThat(objections(merged.judgedBy(policy))).hasSize(1);
    List<Consumer<BootedMachine>> nobodys =
        List.of(
            m -> m.initrd = "initrd 3",
            m -> m.programs.add("initrd 2"), // of another kind
            m -> m.commandLine = Optional.of("/vmlinuz root=UUID=2 ro quiet"),
            m -> m.sbat = Optional.of("sbat,1,2024\nshim,1\ngrub,4\n"), // less than the least
            m -> m.revoked = List.of(hash("more")));
    for (Consumer<BootedMachine> change : nobodys) {
      BootedMachine other = second();
      change.accept(other);
      assertThat(objections(other.judgedBy(policy))).hasSize(1);
    }
  }

  @Test
  void bootsThatContradictEachOtherHaveNoPolicy() {
    BootedMachine off = machine(m -> m.secureBoot = 0);
    for (List<BootedMachine> both :
        List.of(List.of(off, new BootedMachine()), List.of(new BootedMachine(), off))) {
      assertThat(
              BootPolicyMaker.make(both.stream().map(BootedMachine::events).toList()).objections())
          .isNotEmpty()
          .allMatch(objection -> objection.check().startsWith("Secure Boot is"));
    }
  }

  // Windows of time

  @ParameterizedTest
  @CsvSource({
    PAST + ", '', true",
    "'', " + FUTURE + ", true",
    PAST + "," + FUTURE + ", true",
    "2026-06-01T00:00:00Z, '', true", // from its first instant on
    FUTURE + ", '', false",
    "'', " + PAST + ", false",
    "'', 2026-06-01T00:00:00Z, false", // until before its last
    "2026-06-01T00:00:00.000000001Z, '', false"
  })
  void anEntryCountsInItsWindowOnly(String from, String until, boolean counts) {
    List<Object> programs = new ArrayList<>();
    for (String program : List.of("shim", "grub", "vmlinuz")) {
      Map<String, Object> entry = new LinkedHashMap<>(Map.of("sha256", hash(program).hex()));
      if (program.equals("shim") && !from.isEmpty()) {
        entry.put("from", from);
      }
      if (program.equals("shim") && !until.isEmpty()) {
        entry.put("until", until);
      }
      programs.add(entry);
    }
    String policy = new BootedMachine().policy(Map.of("programs", programs));
    assertThat(objections(new BootedMachine().judgedBy(policy)))
        .isEqualTo(counts ? List.of() : List.of(measured("programs")));
  }

  @Test
  void whatIsDemandedFromATimeOnIsDemandedThen() {
    BootedMachine old = machine(m -> m.revoked.removeFirst());
    for (boolean due : new boolean[] {true, false}) {
      String policy =
          new BootedMachine()
              .policy(
                  Map.of(
                      "dbx",
                      List.of(
                          Map.of("sha256", hash("BootHole").hex(), "from", due ? PAST : FUTURE))));
      Verdict verdict = old.judgedBy(policy);
      if (due) {
        assertThat(objections(verdict)).containsExactly("dbx revokes what the policy demands");
      } else {
        assertThat(trusted(verdict).outdated())
            .singleElement()
            .satisfies(
                one -> {
                  assertThat(one.what()).startsWith("dbx");
                  assertThat(one.until()).hasToString(FUTURE);
                });
      }
    }
  }
}
