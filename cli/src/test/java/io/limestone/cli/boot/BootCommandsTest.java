package io.limestone.cli.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.limestone.cli.CommandRun;
import io.limestone.evidence.boot.BootLog;
import io.limestone.testkit.BootLogWriter;
import io.limestone.testkit.OtherBoot;
import io.limestone.testkit.Recorded;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class BootCommandsTest {
  private static final Path LOGS = Path.of(System.getProperty("limestone.testdata"), "uefi");

  @TempDir Path folder;

  /** The values, the aggregates and the number of events by an independent replay. */
  @TestFactory
  Stream<DynamicTest> showTellsEveryPcrOfEveryRealLog() throws IOException {
    return Json.object(Files.readAllBytes(LOGS.resolve("expected.json")))
        .members()
        .entrySet()
        .stream()
        .filter(entry -> ((JsonObject) entry.getValue()).optionalObject("spec_id").isPresent())
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(),
                    () ->
                        shows(
                            Files.exists(LOGS.resolve(entry.getKey()))
                                ? log(entry.getKey())
                                : elsewhere(entry.getKey()),
                            (JsonObject) entry.getValue())));
  }

  private static void shows(String log, JsonObject expected) {
    JsonObject shown = CommandRun.of("boot", "show", log, "--json").exits(0).json();
    assertThat(members(shown, "pcrs")).isEqualTo(members(expected, "pcrs"));
    JsonObject aggregates = expected.object("boot_aggregates");
    for (String bank : aggregates.names()) {
      assertThat(shown.object("boot_aggregates").list(bank).toString())
          .isEqualTo(aggregates.list(bank).toString());
    }
    assertThat(shown.list("events")).hasSize((int) expected.integer("events") - 1); // the header
    CommandRun.of("boot", "show", log).exits(0).says("PCR 7  sha256 ");
  }

  private static Map<String, Object> members(JsonObject json, String name) {
    Map<String, Object> members = new TreeMap<>();
    json.object(name)
        .members()
        .forEach(
            (bank, values) -> members.put(bank, new TreeMap<>(((JsonObject) values).members())));
    return members;
  }

  @Test
  void showTellsWhatBooted() {
    CommandRun.of("boot", "show", log("intel_svr.bin"), "--summary")
        .exits(0)
        .says(
            "secure boot   on",
            "SDV.RP.B11.04 Release Build",
            "CN=James Bottomley Platform Key",
            "allowed by    Shim: CN=Debian Secure Boot CA",
            "\\EFI\\debian\\grubx64.efi   sha256 bb52dd8a063a15b6",
            "/boot/vmlinuz-5.9.0-1-amd64 root=UUID=d4b018ac-5304-4aac-b870-4060a39e2af1 ro quiet");
  }

  @Test
  void showReadsALogOfTheOldFormAndALogOfWindows() {
    CommandRun.of("boot", "show", log("hirs-sha1-only.bin"), "--summary")
        .exits(0)
        .says("old form, SHA-1 only", "shim-authority-padding", "\\EFI\\ubuntu\\shimx64.efi");
    CommandRun.of("boot", "show", log("ideapad1.bin"))
        .exits(0)
        .says("Windows trust boundary", "no PCR", "windows-trust-point");
  }

  @Test
  void whatIsNoLogIsUnusableInput() {
    CommandRun.of("boot", "show", log("bogus.bin")).exits(2).says("bogus.bin");
    CommandRun.of("boot", "show", log("empty.bin")).exits(2).says("empty event log");
    CommandRun.of("boot", "show", folder.resolve("none").toString()).exits(2);
    CommandRun.of("boot", "show", log("inspur.bin"), "--bank", "sha384").exits(2).says("sha256");
  }

  @Test
  void checkAcceptsAGenuineLogAndRefusesAForgedOne() throws IOException {
    String policy = write("policy.json", "{}".getBytes(StandardCharsets.UTF_8));
    CommandRun.of("boot", "check", log("intel_svr.bin"), policy)
        .exits(0)
        .says("accepted", "no quote was checked");
    JsonObject good =
        CommandRun.of("boot", "check", log("intel_svr.bin"), policy, "--json").exits(0).json();
    assertThat(good.bool("trusted")).isTrue();
    assertThat(good.string("quote")).isEqualTo("NOT CHECKED");
    String forged = forgedCommandLine();
    JsonObject json = CommandRun.of("boot", "check", forged, policy, "--json").exits(1).json();
    assertThat(json.bool("trusted")).isFalse();
    assertThat(json.toString()).contains("measured_boot.unbound_event_data");
    CommandRun.of("boot", "check", log("intel_svr.bin"), policy, "--engine", "reject-all").exits(1);
    CommandRun.of("boot", "check", log("intel_svr.bin"), policy, "--pcr", "7=" + "00".repeat(32))
        .exits(1)
        .says("measured_boot.invalid_pcr_7");
    CommandRun.of("boot", "check", log("intel_svr.bin"), policy, "--pcr", "7=00").exits(2);
    CommandRun.of("boot", "check", log("intel_svr.bin"), log("bogus.bin")).exits(2);
  }

  @Test
  void showMarksForgedWords() throws IOException {
    CommandRun.of("boot", "show", forgedCommandLine()).exits(0).says("113 ! EV_IPL");
  }

  @Test
  void diffTellsTheCommandLineWordByWord() throws IOException {
    String text = commandLine(113) + " init=/bin/sh";
    String other =
        write(
            "other.bin",
            BootLogWriter.of(intel())
                .remeasure(
                    113, ascii(text.substring("kernel_cmdline: ".length())), ascii(text + "\0"))
                .bytes()
                .toArray());
    CommandRun.of("boot", "diff", log("intel_svr.bin"), other)
        .exits(1)
        .says("command line: added init=/bin/sh", "PCR 8 (other events: 2 EV_IPL)");
    CommandRun.of("boot", "diff", other, log("intel_svr.bin"))
        .exits(1)
        .says("command line: removed init=/bin/sh");
    CommandRun.of("boot", "diff", other, other).exits(0).says("the same boot");
  }

  @Test
  void diffTellsWhatAKernelUpdateChanged() throws IOException {
    Bytes before = Bytes.of(Files.readAllBytes(Path.of(log("keylime-secureboot.bin"))));
    String old = "5.14.0-503.11.1.el9_5.x86_64";
    Bytes after = OtherBoot.withKernel(before, old, "5.14.0-570.12.1.el9_6.x86_64");
    String updated = write("updated.bin", after.toArray());
    CommandRun run = CommandRun.of("boot", "diff", log("keylime-secureboot.bin"), updated).exits(1);
    run.says(
        "vmlinuz-" + old,
        "vmlinuz-5.14.0-570.12.1.el9_6.x86_64",
        "initramfs-5.14.0-570.12.1.el9_6.x86_64",
        "command line: ",
        "PCR 4 ",
        "PCR 8 ",
        "PCR 9 ");
    assertThat(run.out()).doesNotContain("secure boot", "PCR 0 ", "PCR 7 ", "firmware");
  }

  /** Logs of an emulated machine whose licence keeps them out of this repository. */
  @Test
  void diffOfTheSameMachineWithAndWithoutSecureBoot() {
    String off = elsewhere("swtpm-nosb.bin");
    String on = elsewhere("swtpm-secureboot.bin");
    CommandRun.of("boot", "show", off, "--summary").exits(0).says("secure boot   off");
    CommandRun.of("boot", "show", on, "--summary").exits(0).says("secure boot   on");
    CommandRun.of("boot", "diff", off, on)
        .exits(1)
        .says("secure boot: off -> on", "db: added ", "PCR 7 ");
  }

  @Test
  void diffTellsKeysBySubject() {
    JsonObject json =
        CommandRun.of(
                "boot", "diff", log("intel_svr.bin"), log("css-flex14vm4-bootlog.bin"), "--json")
            .exits(1)
            .json();
    assertThat(json.list("changes").toString())
        .contains("CN=James Bottomley UEFI Application Key", "Microsoft Corporation UEFI CA 2011");
  }

  private String forgedCommandLine() throws IOException {
    return write(
        "forged.bin",
        BootLogWriter.of(intel())
            .forge(113, ascii(commandLine(113) + " init=/bin/sh\0"))
            .bytes()
            .toArray());
  }

  private static String commandLine(int number) throws IOException {
    String text =
        new String(intel().events().get(number - 1).data().toArray(), StandardCharsets.US_ASCII);
    assertThat(text).startsWith("kernel_cmdline: ");
    return text.substring(0, text.length() - 1);
  }

  private static BootLog intel() throws IOException {
    return BootLog.parse(Bytes.of(Files.readAllBytes(Path.of(log("intel_svr.bin")))));
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String log(String name) {
    return LOGS.resolve(name).toString();
  }

  private static String elsewhere(String name) {
    return Recorded.beside("uefi/" + name)
        .map(Path::toString)
        .orElseGet(() -> abort("no folder shared/data beside the repository with " + name));
  }

  private String write(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content).toString();
  }
}
