package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.limestone.systemtest.parts.PolicyPrograms;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Workplace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code keylime-policy create runtime} and ours make the same policy of the same input. */
class SamePolicyTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String T = "ab".repeat(20);
  private static final String D = "cd".repeat(32);
  private static final String E = "ef".repeat(32);

  private static Path work = Path.of("");
  private static PolicyPrograms both = new PolicyPrograms(work, "");

  @BeforeAll
  static void inputs() throws IOException {
    work = Workplace.empty(SamePolicyTest.class);
    both = PolicyPrograms.in(work);
    write(
        "list",
        "10 %1$s ima-ng sha256:%2$s boot_aggregate\n".formatted(T, D)
            + "10 %1$s ima-ng sha256:%2$s /usr/bin/a\n".formatted(T, D)
            + "10 %1$s ima-sig sha256:%2$s /usr/bin/a 0302\n".formatted(T, E)
            + "10 %1$s ima-sig sha256:%2$s /usr/bin/b \n".formatted(T, E)
            + "10 %1$s ima-buf sha256:%2$s dm_table_load 646d5f\n".formatted(T, D));
    write("list-sha1", "10 %1$s ima-ng sha1:%1$s boot_aggregate\n".formatted(T));
    write("list-without-boot-aggregate", "10 %1$s ima-ng sha256:%2$s /a\n".formatted(T, D));
    write("allow", E + "  /usr/bin/a\n\n" + D + "  /with blank\n" + E + "  /usr/bin/a\n");
    write("excludes", "/tmp/.*\n\n^/run/\n#comment\n");
    write("bad-excludes", "fine\n*\n");
    write("rootfs/usr/bin/a b", "blank");
    write("rootfs/usr/bin/c", "c");
    write("rootfs/usr/é", "e");
    write("rootfs/tmp/never", "x");
    write("rootfs/home/user", "x");
    Files.setAttribute(work.resolve("rootfs/home/user"), "unix:uid", 1000);
    Files.createSymbolicLink(work.resolve("rootfs/bin"), Path.of("usr/bin"));
    Path key = work.resolve("key.pem");
    Program.run(
            "openssl",
            work,
            Map.of(),
            List.of("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-out", key.toString()),
            PATIENCE)
        .succeeded();
    both.ours("-a", "allow", "-e", "excludes", "--ignored-keyrings", ".x", "-o", "base")
        .succeeded();
  }

  private static void write(String name, String content) throws IOException {
    Path file = work.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-m list",
        "-m list -k -b",
        "-m list-sha1",
        "-a allow -e excludes",
        "-p base",
        "-p base -m list -a allow -e excludes -k -b --ignored-keyrings .y",
        "--add-ima-signature-verification-key key.pem",
        "--rootfs rootfs",
        "--rootfs rootfs --algo sha512",
        "--rootfs rootfs --skip-path rootfs/usr/bin",
        "--rootfs rootfs -m list-sha1",
      })
  void theSamePolicy(String options) throws IOException {
    both.same(options.isEmpty() ? new String[0] : options.split(" ", -1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-m list-without-boot-aggregate",
        "-m list-sha1 -a allow",
        "-e bad-excludes",
        "-a missing",
        "-m missing",
        "-p missing",
      })
  void whatOneRefusesTheOtherRefuses(String options) {
    String[] words = (options + " -o refused").split(" ", -1);
    assertThat(both.theirs(words).exit()).as("keylime-policy %s", options).isNotZero();
    assertThat(both.ours(words).exit()).as("limestone %s", options).isEqualTo(2);
    assertThat(work.resolve("refused")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cat", "gzip", "xz", "bzip2"})
  void theSameOfAnInitrd(String compressor) throws IOException {
    Path folder = Files.createDirectories(work.resolve("boot-" + compressor));
    String pack = "cd rootfs && find . | cpio -o -H newc --quiet | %s > %s/initrd.img";
    Program.Ended made =
        Program.run(
            "sh",
            work,
            Map.of(),
            List.of("sh", "-c", pack.formatted(compressor, folder)),
            PATIENCE);
    assumeTrue(
        made.exit() == 0 && Files.size(folder.resolve("initrd.img")) > 100,
        () -> "needs cpio and " + compressor + ": " + made.output());
    both.same("--ramdisk-dir", folder.toString());
  }

  @Test
  void theDefaultOutputIsTheSameText() {
    String ours = both.ours("-a", "allow").succeeded().output();
    assertThat(both.theirs("-a", "allow").succeeded().output()).contains(withoutTime(ours));
  }

  private static String withoutTime(String policy) {
    return policy.substring(policy.indexOf("\"release\""));
  }
}
