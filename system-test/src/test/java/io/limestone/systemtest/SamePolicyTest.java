package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.LimestoneProgram;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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
  private static String reference = "";

  @BeforeAll
  static void inputs() throws IOException {
    boolean root =
        Integer.valueOf(0)
            .equals(
                Files.getAttribute(Path.of("/proc/self"), "unix:uid", LinkOption.NOFOLLOW_LINKS));
    assumeTrue(root, "keylime-policy runs as root only");
    reference = KeylimePackage.installed().program("keylime-policy");
    work = Workplace.empty(SamePolicyTest.class);
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
    ours("-a", "allow", "-e", "excludes", "--ignored-keyrings", ".x", "-o", "base").succeeded();
  }

  private static void write(String name, String content) throws IOException {
    Path file = work.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private static Program.Ended ours(String... options) {
    List<String> words = new ArrayList<>(List.of("policy", "create", "runtime"));
    words.addAll(List.of(options));
    return Program.run(
        "limestone",
        work,
        Map.of(),
        LimestoneProgram.limestone(words.toArray(String[]::new)),
        PATIENCE);
  }

  private static Program.Ended theirs(String... options) {
    List<String> words = new ArrayList<>(List.of(reference, "create", "runtime"));
    words.addAll(List.of(options));
    return Program.run("keylime-policy", work, Map.of(), words, PATIENCE);
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
    same(options.isEmpty() ? new String[0] : options.split(" ", -1));
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
    assertThat(theirs(words).exit()).as("keylime-policy %s", options).isNotZero();
    assertThat(ours(words).exit()).as("limestone %s", options).isEqualTo(2);
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
    same("--ramdisk-dir", folder.toString());
  }

  @Test
  void theDefaultOutputIsTheSameText() {
    String ours = ours("-a", "allow").succeeded().output();
    assertThat(theirs("-a", "allow").succeeded().output()).contains(withoutTime(ours));
  }

  private static String withoutTime(String policy) {
    return policy.substring(policy.indexOf("\"release\""));
  }

  private static void same(String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of(options));
    words.addAll(List.of("-o", "theirs.json"));
    theirs(words.toArray(String[]::new)).succeeded();
    words.set(words.size() - 1, "ours.json");
    ours(words.toArray(String[]::new)).succeeded();
    assertThat(comparable("ours.json")).isEqualTo(comparable("theirs.json"));
  }

  /** Without the time; keys are a JSON text within the JSON text. */
  private static Map<String, @Nullable Object> comparable(String file) throws IOException {
    JsonObject policy = Json.object(Files.readAllBytes(work.resolve(file)));
    Map<String, @Nullable Object> all = new LinkedHashMap<>(policy.members());
    Map<String, @Nullable Object> meta = new LinkedHashMap<>(policy.object("meta").members());
    meta.remove("timestamp");
    all.put("meta", meta);
    String keys = policy.string("verification-keys");
    all.put("verification-keys", keys.isEmpty() ? keys : Json.object(keys));
    return all;
  }
}
