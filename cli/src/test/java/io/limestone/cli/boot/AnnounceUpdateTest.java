package io.limestone.cli.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.testkit.OtherBoot;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code limestone policy announce} on files, as an operator tries it before it is uploaded. */
class AnnounceUpdateTest {
  private static final Path TESTDATA = Path.of(System.getProperty("limestone.testdata"));

  @TempDir Path folder;
  private String old;
  private String fresh;
  private String policy;

  @BeforeEach
  void makePolicy() throws IOException {
    old = TESTDATA.resolve("uefi/keylime-secureboot.bin").toString();
    Bytes updated =
        OtherBoot.withKernel(
            Bytes.of(Files.readAllBytes(Path.of(old))),
            "5.14.0-503.11.1.el9_5.x86_64",
            "5.14.0-570.12.1.el9_6.x86_64");
    fresh = Files.write(folder.resolve("new.bin"), updated.toArray()).toString();
    policy = folder.resolve("boot.json").toString();
    CommandRun.of("policy", "create", "measured-boot", "--eventlog-file", old, "--output", policy)
        .exits(0);
  }

  @Test
  void itTellsWhatArrivesAndLeavesAndTheResultJudgesByTime() {
    String next = folder.resolve("next.json").toString();
    CommandRun.of(
            "policy",
            "announce",
            policy,
            "--old",
            old,
            "--new",
            fresh,
            "--from",
            "2026-12-01T00:00:00Z",
            "--until",
            "2026-12-15T00:00:00Z",
            "--output",
            next)
        .exits(0)
        .says("arrives", "leaves", "command_lines", "from 2026-12-01T00:00:00Z");
    for (String[] expected :
        new String[][] {
          {"2026-11-30T23:59:59Z", "0", "1"},
          {"2026-12-01T00:00:00Z", "0", "0"},
          {"2026-12-14T23:59:59Z", "0", "0"},
          {"2026-12-15T00:00:00Z", "1", "0"}
        }) {
      CommandRun.of("boot", "check", old, next, "--at", expected[0])
          .exits(Integer.parseInt(expected[1]));
      CommandRun.of("boot", "check", fresh, next, "--at", expected[0])
          .exits(Integer.parseInt(expected[2]));
    }
    CommandRun.of("boot", "check", old, next, "--at", "2026-12-10T00:00:00Z")
        .exits(0)
        .says("outdated  until 2026-12-15T00:00:00Z: ");
    CommandRun.of("boot", "check", old, next, "--at", "2026-12-16T00:00:00Z")
        .exits(1)
        .says("listed, but accepted only until 2026-12-15T00:00:00Z");
    assertThat(
            CommandRun.of("boot", "check", fresh, next, "--at", "2026-12-10T00:00:00Z", "--json")
                .exits(0)
                .json()
                .list("outdated"))
        .isEmpty();
  }

  @Test
  void jsonTellsTheChangesAndThePolicy() {
    JsonObject json =
        CommandRun.of(
                "policy",
                "announce",
                policy,
                "--old",
                old,
                "--new",
                fresh,
                "--until",
                "14d",
                "--json")
            .exits(0)
            .json();
    assertThat(json.list("changes")).hasSize(10);
    assertThat(((JsonObject) json.list("changes").getFirst()).string("change"))
        .isEqualTo("arrives");
    assertThat(json.object("policy").integer("limestone_boot_policy")).isEqualTo(1);
    assertThat(json.bool("uploaded")).isFalse();
  }

  @Test
  void digestsKeysAndRevocationsAreAnnouncedWithoutALog() throws IOException {
    String certificate = TESTDATA.resolve("ek-certs/hirs-stmtpmekroot.crt").toString();
    Path kernel = Files.writeString(folder.resolve("vmlinuz"), "kernel", StandardCharsets.UTF_8);
    String text =
        CommandRun.of(
                "policy",
                "announce",
                policy,
                "--accept",
                "programs=" + "AB".repeat(32) + ":shim-15.9",
                "--accept",
                "keys.db=" + certificate,
                "--accept",
                "files=" + kernel,
                "--replace",
                "keys.db=nobody's",
                "--until",
                "30d")
            .exits(2)
            .says("keys.db has no entry")
            .toString();
    assertThat(text).doesNotContain("Exception");
    JsonObject json =
        CommandRun.of(
                "policy",
                "announce",
                policy,
                "--accept",
                "programs=" + "AB".repeat(32) + ":shim-15.9",
                "--accept",
                "keys.db=" + certificate,
                "--accept",
                "files=" + kernel,
                "--revoke",
                certificate,
                "--sbat",
                "grub=5",
                "--until",
                "30d",
                "--json")
            .exits(0)
            .json();
    assertThat(json.list("changes").toString())
        .contains("shim-15.9", "ab".repeat(32), "CN=STM TPM EK Root CA", "component", "grub");
    assertThat(json.list("changes")).hasSize(5);
  }

  /** As dbx updates come: lists behind a header with a signature, which the firmware checks. */
  @Test
  void allOfAnUpdateOfDbxIsDemandedOnce() throws IOException {
    Bytes hash = HashAlg.SHA256.digest(Bytes.of(new byte[1]));
    Bytes file =
        ByteWriter.littleEndian()
            .bytes(new byte[16])
            .u32(24)
            .u16(0x0200)
            .u16(0x0ef1)
            .bytes(Bytes.ofHex("9dd2af4adf68ee498aa9347d375665a7"))
            .bytes(Bytes.ofHex("2616c4c14c509240aca941f936934328"))
            .u32(28 + 2 * 48)
            .u32(0)
            .u32(48)
            .bytes(new byte[16])
            .bytes(hash)
            .bytes(new byte[16])
            .bytes(hash)
            .toBytes();
    String update = Files.write(folder.resolve("DBXUpdate.bin"), file.toArray()).toString();
    String next = folder.resolve("next.json").toString();
    CommandRun.of(
            "policy", "announce", policy, "--revoke", update, "--until", "30d", "--output", next)
        .exits(0)
        .says("demanded", "dbx", hash.hex());
    CommandRun.of("policy", "announce", next, "--revoke", update, "--until", "30d")
        .exits(1)
        .says("nothing to announce");
    String cut = Files.write(folder.resolve("cut"), file.slice(0, 70).toArray()).toString();
    CommandRun.of("policy", "announce", policy, "--revoke", cut, "--until", "30d")
        .exits(2)
        .says("nor an update of dbx: ");
  }

  @Test
  void whatIsUnusableIsSaid() {
    for (List<String> more :
        List.of(
            List.of("--new", fresh, "--until", "tomorrow"),
            List.of("--new", fresh),
            List.of("--old", old, "--until", "14d"),
            List.of("--accept", "programs=abc", "--until", "14d"),
            List.of("--accept", "programs", "--until", "14d"),
            List.of("--accept", "kernels=" + "ab".repeat(32), "--until", "14d"),
            List.of("--sbat", "grub", "--until", "14d"),
            List.of("--revoke", fresh, "--until", "14d"),
            List.of("--new", fresh, "--from", "14d", "--until", "13d"),
            List.of("--new", fresh, "--until", "14d", "--upload"))) {
      List<String> words = new java.util.ArrayList<>(List.of("policy", "announce", policy));
      words.addAll(more);
      CommandRun.of(words).exits(2);
    }
  }

  @Test
  void aBootThatDoesNotFitIsRefusedWithTheReasons() throws IOException {
    Bytes off = OtherBoot.withoutSecureBoot(Bytes.of(Files.readAllBytes(Path.of(old))));
    String log = Files.write(folder.resolve("off.bin"), off.toArray()).toString();
    CommandRun.of("policy", "announce", policy, "--new", log, "--until", "14d")
        .exits(1)
        .says("not announced", "Secure Boot is on", "SecureBoot is off");
    CommandRun.of("policy", "announce", policy, "--old", fresh, "--new", fresh, "--until", "14d")
        .exits(1)
        .says("the policy does not accept the old boot");
    CommandRun.of("policy", "announce", policy, "--new", old, "--until", "14d")
        .exits(1)
        .says("nothing to announce");
  }
}
