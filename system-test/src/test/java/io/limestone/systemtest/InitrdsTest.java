package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.limestone.systemtest.parts.PolicyPrograms;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An initrd of dracut, in whatever compression and behind an early archive, has the policy that
 * keylime-policy makes of its plain form. On purpose more than the reference: the files of the
 * early archive, which the kernel unpacks too, and the kernel's own form of lz4.
 */
class InitrdsTest {
  private static final String BUILD =
      """
      mkdir plain
      dracut --quiet --force --no-kernel --kver 6.0.0-none --compress cat --modules 'base bash' \
        --tmpdir "$PWD" "$PWD/plain/initramfs.img"
      mkdir -p kernel/x86/microcode
      head -c 5001 /dev/zero | tr '\\0' u >kernel/x86/microcode/GenuineIntel.bin
      find kernel | cpio --quiet -o -H newc >early.cpio
      """;

  private static PolicyPrograms both = new PolicyPrograms(Path.of(""), "");
  private static Map<String, @Nullable Object> truth = Map.of();

  @BeforeAll
  static void initrd() throws IOException {
    Path work = Workplace.empty(InitrdsTest.class);
    both = PolicyPrograms.in(work);
    needs("dracut");
    both.shell(BUILD).succeeded();
    truth = digests(both.policyOfTheirs("--ramdisk-dir", "plain"));
  }

  private static void needs(String program) {
    assumeTrue(
        both.shell("command -v " + program + " || true").output().contains("/"),
        () -> "needs " + program + ", which bin/test installs");
  }

  private static Map<String, @Nullable Object> digests(Map<String, @Nullable Object> policy) {
    return policy.get("digests") instanceof JsonObject digests
        ? new TreeMap<>(digests.members())
        : Map.of();
  }

  @Test
  void theSameOfTheInitrdOfDracut() throws IOException {
    assertThat(truth).hasSizeGreaterThan(50).containsKey("/usr/bin/bash");
    both.same("--ramdisk-dir", "plain");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cat",
        "gzip",
        "bzip2",
        "xz -0 --check=crc32",
        "xz -0 --format=lzma",
        "zstd -3",
        "zstd -3 --long=27",
        "lz4",
        "lz4 -l",
        "lzop -7"
      })
  void theSameInEveryCompressionBehindAnEarlyArchive(String compressor) throws IOException {
    needs(compressor.split(" ", 2)[0]);
    Path folder = both.work().resolve("boot-" + compressor.replace(' ', '_'));
    Files.createDirectories(folder);
    both.shell(
            "(cat early.cpio; head -c 512 /dev/zero; %s <plain/initramfs.img) >'%s/initrd.img'"
                .formatted(compressor, folder))
        .succeeded();
    Map<String, @Nullable Object> ours =
        digests(both.policyOfOurs("--ramdisk-dir", folder.toString()));
    assertThat(ours.remove("/kernel/x86/microcode/GenuineIntel.bin")).isNotNull();
    assertThat(ours).isEqualTo(truth);
  }

  @Test
  void whatIsBehindTheMainArchiveCountsToo() throws IOException {
    Files.createDirectories(both.work().resolve("two"));
    both.shell(
            """
            mkdir -p more/usr/bin
            echo later >more/usr/bin/bash
            (cd more && find usr | cpio --quiet -o -H newc) | gzip >more.gz
            (zstd -q <plain/initramfs.img; cat more.gz) >two/initrd.img
            """)
        .succeeded();
    Map<String, @Nullable Object> ours = digests(both.policyOfOurs("--ramdisk-dir", "two"));
    assertThat(ours.keySet()).isEqualTo(truth.keySet());
    assertThat(ours.get("/usr/bin/bash")).isNotEqualTo(truth.get("/usr/bin/bash"));
  }
}
