package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.limestone.cli.CommandRun;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What differs from the reference, and what it cannot do; SamePolicyTest compares the rest. */
class CreateRuntimeTest {
  @TempDir Path folder;
  private Path root;

  @BeforeEach
  void rootFileSystem() throws IOException {
    root = folder.resolve("root");
    file("usr/bin/foo", "foo\n");
    file("usr/bin/a b", "blank\n");
    file("etc/deep/er/conf", "conf\n");
    file("tmp/x", "never\n");
    file("var/lib/x", "never\n");
    file("usr/tmp/x", "kept\n");
    Files.createSymbolicLink(root.resolve("usr/bin/link"), Path.of("foo"));
    Files.createSymbolicLink(root.resolve("bin"), Path.of("usr/bin"));
  }

  private void file(String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private CommandRun create(String... words) {
    List<String> all = new ArrayList<>(List.of("policy", "create", "runtime"));
    all.addAll(List.of(words));
    return CommandRun.of(all);
  }

  private static JsonObject digests(CommandRun run) {
    return run.exits(0).json().object("digests");
  }

  private static String sha256(String content) {
    return HashAlg.SHA256.digest(Bytes.of(content.getBytes(StandardCharsets.UTF_8))).hex();
  }

  /** Tests run as root in CI, and as anybody elsewhere: --all-owners makes no difference then. */
  @Test
  void filesOfARootFileSystem() {
    JsonObject digests = digests(create("--rootfs", root.toString(), "--all-owners"));
    assertThat(digests.names())
        .containsExactly("/etc/deep/er/conf", "/usr/bin/a_b", "/usr/bin/foo", "/usr/tmp/x");
    assertThat(digests.strings("/usr/bin/foo")).containsExactly(sha256("foo\n"));
  }

  @Test
  void aNameInAnInitrdThatIsNotUtf8IsToldAndLeftOut() throws IOException {
    StringBuilder archive = new StringBuilder();
    for (String name : List.of("good", "b\u00e9d", "TRAILER!!!")) {
      archive
          .append("070701")
          .append("%08x%08x".formatted(1, name.equals("TRAILER!!!") ? 0 : 0100644));
      archive.append("%08x".repeat(11).formatted(0, 0, 1, 0, 0, 0, 0, 0, 0, name.length() + 1, 0));
      archive.append(name).append("\0");
      archive.append("\0".repeat(-archive.length() & 3));
    }
    Path boot = Files.createDirectories(folder.resolve("boot"));
    Files.write(
        boot.resolve("initrd.img"), archive.toString().getBytes(StandardCharsets.ISO_8859_1));
    CommandRun run = create("--ramdisk-dir", boot.toString());
    assertThat(digests(run).names()).containsExactly("/good");
    run.says("1 names in initrds or images are not UTF-8");
  }

  @Test
  void skippedDirectories() {
    CommandRun run =
        create("--rootfs", root.toString(), "--all-owners", "-s", root + "/usr,/elsewhere");
    assertThat(digests(run).names()).containsExactly("/etc/deep/er/conf");
    run.says("/elsewhere is not below");
    assertThat(digests(create("--rootfs", root.toString(), "-s", folder.toString())).names())
        .isEmpty();
  }

  @Test
  void aFileThatMayNotBeReadIsToldAndNotPassedOverInSilence() throws IOException {
    Path secret = root.resolve("etc/secret");
    Files.writeString(secret, "x");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
    assumeTrue(!Files.isReadable(secret), "root may read everything");
    create("--rootfs", root.toString(), "--all-owners")
        .exits(0)
        .says("1 files or directories", "etc/secret");
  }

  @Test
  void theOutputFileIsWrittenOnlyIfAllWentWell() throws IOException {
    Path out = folder.resolve("policy.json");
    Path bad = Files.writeString(folder.resolve("excludes"), "fine\n*\n");
    create("-e", bad.toString(), "-o", out.toString()).exits(2).says("exclude expression *");
    assertThat(out).doesNotExist();
    create("-m", folder.resolve("missing").toString(), "-o", out.toString()).exits(2);
    create("-a", folder.resolve("missing").toString(), "-o", out.toString()).exits(2);
    create("-m", "/dev/null", "-o", out.toString()).exits(0);
    assertThat(out).content().startsWith("{\"meta\": {").doesNotContain("\n");
  }

  @Test
  void theListWithoutAValueIsTheKernelsOwn() {
    CommandRun run = create("-m", "-k");
    assertThat(run.code() == 0 || run.err().contains("/sys/kernel/security/ima")).isTrue();
  }

  @Test
  void anAllowlistWithoutDigestsSaysNothingOfTheAlgorithm() throws IOException {
    Path empty = Files.writeString(folder.resolve("allow"), "");
    create("-a", empty.toString()).exits(0);
  }

  @Test
  void theLegacyFormBeginsWithTheBootAggregate() throws IOException {
    String d = "ab".repeat(32);
    Path list = Files.writeString(folder.resolve("allow"), d + " /x\n" + d + " boot_aggregate\n");
    assertThat(create("-a", list.toString(), "--show-legacy-allowlist").exits(0).out())
        .isEqualTo(d + "  boot_aggregate\n" + d + "  /x\n");
  }

  @Test
  void initrdsThatAreNoneAreAnError() throws IOException {
    create("--ramdisk-dir", folder.toString()).exits(2).says("there is no initrd");
    Files.writeString(folder.resolve("initrd.img"), "rubbish");
    create("--ramdisk-dir", folder.toString()).exits(2).says("initrd.img", "cpio");
  }

  @Test
  void theAlgorithmMustBeOneOfTheFive() {
    create("--algo", "md5", "--rootfs", root.toString()).exits(2).says("sm3_256");
  }
}
