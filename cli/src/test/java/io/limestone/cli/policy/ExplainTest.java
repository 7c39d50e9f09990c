package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.testkit.ImaLogWriter;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What fails in a log, and the patch that policy apply takes. */
class ExplainTest extends OnPolicyFiles {
  private static final Path UEFI = Path.of(System.getProperty("limestone.testdata"), "uefi");

  @Test
  void aBootIsExplainedAndThePatchedBootPolicyAcceptsIt() {
    String mine = UEFI.resolve("keylime-secureboot.bin").toString();
    String other = UEFI.resolve("intel_svr.bin").toString();
    policy("create", "measured-boot", "--eventlog-file", mine, "--output", file("boot.json"));
    policy("explain", mine, file("boot.json")).exits(0).says("0 checks fail");

    CommandRun run = policy("explain", other, file("boot.json"), "-o", file("patch")).exits(1);
    run.says(
        "change    add /firmware/- {", "and ", "more (--all, or --json)", "with the changes: ");
    assertThat(policy("explain", other, file("boot.json"), "--all").out())
        .as("events are of no package, whatever this machine has installed")
        .doesNotContain("--all", "  package ");
    policy("apply", file("boot.json"), file("patch"), "-o", file("next.json"))
        .exits(0)
        .says("entries added: ", "replaced: 0");
    JsonObject left = policy("explain", other, file("next.json"), "--json").exits(1).json();
    assertThat(left.members().get("patch")).as("what is left no policy's list mends").isNull();
    assertThat(left.object("boot_policy").string("signature")).isEqualTo("none");
    CommandRun.of("boot", "check", mine, file("next.json")).exits(0);
    policy("apply", file("next.json"), file("patch")).exits(2).says("another policy");
  }

  @Test
  void demandingLessIsNotPartOfAPatchUnlessItIsAskedFor() {
    String mine = UEFI.resolve("keylime-secureboot.bin").toString();
    String off = UEFI.resolve("puiterwijk.bin").toString();
    policy("create", "measured-boot", "--eventlog-file", mine, "--output", file("boot.json"));
    policy("explain", off, file("boot.json"), "--all", "-o", file("patch"))
        .exits(1)
        .says("change    replace /secure_boot false - NOT in the patch", "--weaken");
    policy("apply", file("boot.json"), file("patch"), "-o", file("next")).says("replaced: 0");
    policy("explain", off, file("boot.json"), "--weaken", "-o", file("patch")).exits(1);
    policy("apply", file("boot.json"), file("patch"), "-o", file("next")).says("replaced: 1");
  }

  @Test
  void moreFailuresThanAnAppraisalTellsAreAllExplained() throws IOException {
    ImaLogWriter ima = list().bootAggregate();
    for (int i = 0; i < 250; i++) {
      ima.file("/opt/" + i, "content " + i);
    }
    write("ima", ima.text());
    write("one", "a".repeat(64) + " /usr/bin/a\n");
    policy("convert", file("one"), "--output", file("policy.json")).exits(0);
    JsonObject json = policy("explain", file("ima"), file("policy.json"), "--json").json();
    assertThat(json.list("failures")).hasSize(251);
    assertThat(json.list("left")).isEmpty();
    assertThat(json.object("patch").object("add").object("digests").names()).hasSize(251);
    JsonObject first = (JsonObject) json.list("failures").getFirst();
    assertThat(first.object("fix").object("add").object("digests").names())
        .containsExactly("boot_aggregate");
  }

  @Test
  void aNameThatNoPolicyCanListHasNoChange() throws IOException {
    ImaLogWriter ima = list().bootAggregate();
    byte[] text = ima.file("/opt/x", "x").text().getBytes(StandardCharsets.ISO_8859_1);
    String broken = new String(text, StandardCharsets.ISO_8859_1).replace("/opt/x", "/opt/\u00ff");
    Files.write(folder.resolve("ima"), broken.getBytes(StandardCharsets.ISO_8859_1));
    write("one", "a".repeat(64) + " /usr/bin/a\n");
    policy("convert", file("one"), "--output", file("policy.json")).exits(0);
    policy("explain", file("ima"), file("policy.json"))
        .exits(1)
        .says("with the changes: 1 check fails");
  }

  @Test
  void packagesOfTheMachineAreNamed() throws IOException {
    Files.createDirectories(folder.resolve("root/var/lib/dpkg/info"));
    write("root/var/lib/dpkg/status", "Package: evilpkg\nVersion: 1.2-3\n\n");
    write("root/var/lib/dpkg/info/evilpkg:amd64.list", "/.\n/usr\n/usr/bin/evil\n");
    write("ima", list().bootAggregate().file("/usr/bin/evil", "evil").text());
    write("one", "a".repeat(64) + " /usr/bin/a\n");
    policy("convert", file("one"), "--output", file("policy.json")).exits(0);
    policy("explain", file("ima"), file("policy.json"), "--packages", file("root"))
        .exits(1)
        .says("package   evilpkg 1.2-3", "by package: evilpkg 1");
  }

  @Test
  void whatIsNeitherFileNorNodeIsSaid() throws IOException {
    CommandRun.of("policy", "explain", "/no/such/file").exits(2).says("no such file, and no node");
    write("one", "10 x\n");
    policy("explain", file("one")).exits(2).says("POLICY is missing");
  }

  private static ImaLogWriter list() {
    return new ImaLogWriter(SoftwareTpm.make(KeyKind.ECC256, new TestCa("Maker", Instant.now())));
  }
}
