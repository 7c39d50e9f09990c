package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Summaries of policies of both kinds, for people and for scripts. */
class ShowPolicyTest extends OnPolicyFiles {
  private static final String A = "a".repeat(64);
  private static final Path DATA = Path.of(System.getProperty("limestone.testdata"));

  @Test
  void aRuntimePolicyInNumbersWithWhatWeakensIt() throws IOException {
    write(
        "list",
        A
            + " /usr/bin/a\n"
            + A
            + " /usr/bin/b\n"
            + "b".repeat(40)
            + " /opt/c\n"
            + A
            + " verity:/usr/lib/d\n"
            + A
            + " %keyring:.ima\n");
    write("excludes", ".*\n/tmp/.*\n");
    policy("convert", file("list"), "--excludelist", file("excludes"), "-o", file("p.json"));
    policy("show", file("p.json"))
        .exits(0)
        .says(
            "kind             runtime",
            "signature        not signed",
            "files            4 names, 4 digests",
            "digests          sha1 1, sha256 3",
            "fs-verity        1 digests",
            "most of it in    /usr/bin/ 2",
            "excludes         .*   <- matches every name: nothing is checked",
            "                 /tmp/.*",
            "keyrings         .ima 1",
            "file signers     none",
            "warnings         ");
    JsonObject json = policy("show", file("p.json"), "--json").exits(0).json();
    assertThat(json.integer("files")).isEqualTo(4);
    assertThat(json.object("digests_by_algorithm").integer("sha256")).isEqualTo(3);
    assertThat(json.string("sha256")).hasSize(64);
    assertThat(json.strings("excludes")).containsExactly(".*", "/tmp/.*");
    assertThat(policy("show", file("p.json"), "--document").exits(0).out().strip())
        .isEqualTo(Files.readString(folder.resolve("p.json")).strip());
  }

  @Test
  void whatAnEnvelopeSaysOfItsSignerIsAClaim() throws IOException {
    write("list", A + " /usr/bin/a\n");
    policy("convert", file("list"), "-o", file("p.json"));
    policy("sign", file("p.json"), "-p", file("k"), "-b", "x509", "-c", file("c"), "-o", file("s"));
    policy("show", file("s")).exits(0).says("NOT VERIFIED", "claims to be by  certificate of CN=");
    policy("show", file("s"), "--key", file("c")).exits(0).says("signed, verified by " + file("c"));
    policy("show", file("p.json"), "--key", file("c")).exits(2).says("is not signed");
    assertThat(policy("show", file("s"), "--json").json().string("sha256"))
        .as("the content's, by which the verifier names it too")
        .isEqualTo(policy("show", file("p.json"), "--json").json().string("sha256"));
  }

  @Test
  void aBootPolicyWithItsWindowsAndGaps() throws IOException {
    String log = DATA.resolve("uefi/keylime-secureboot.bin").toString();
    policy("create", "measured-boot", "--eventlog-file", log, "--output", file("boot.json"));
    policy("show", file("boot.json"))
        .exits(0)
        .says("kind             boot", "Secure Boot      must be on", "keys authorities 2 allowed");
    write(
        "open.json",
        """
        {"limestone_boot_policy": 1, "secure_boot": "any", "firmware": "any", "command_lines": "any",
         "programs": [{"name": "old", "sha256": "%s", "until": "2020-01-01T00:00:00Z"}]}
        """
            .formatted(A));
    policy("show", file("open.json"))
        .exits(0)
        .says(
            "programs         1 allowed",
            "for a time only  /programs/0 old until 2020-01-01T00:00:00Z: over",
            "line 1: secure_boot a machine with Secure Boot off is accepted",
            "line 1: firmware anything is accepted",
            "line 1: command_lines any kernel command line is accepted",
            "line 2: programs allows nothing at this time: every boot fails");
    JsonObject json = policy("show", file("open.json"), "--json").exits(0).json();
    assertThat(json.string("firmware")).isEqualTo("any");
    assertThat(json.integer("programs")).isEqualTo(1);
    policy("show", DATA.resolve("refstate/intel_svr.refstate.json").toString())
        .exits(0)
        .says("a reference state", "kernels 1");
  }

  @Test
  void lintAndDiffOfBootPolicies() throws IOException {
    String before = DATA.resolve("uefi/keylime-secureboot.bin").toString();
    policy("create", "measured-boot", "--eventlog-file", before, "--output", file("boot.json"));
    policy("lint", file("boot.json")).exits(0).says("note", "is not signed");
    policy("diff", file("boot.json"), file("boot.json")).exits(0).says("the policies say the same");
    String text = Files.readString(folder.resolve("boot.json"));
    write("next.json", text.replaceFirst("\"secure_boot\": ?true", "\"secure_boot\": \"any\""));
    policy("lint", file("next.json"))
        .exits(0)
        .says("warning  line ", "secure_boot a machine with Secure Boot off is accepted");
    policy("diff", file("boot.json"), file("next.json"))
        .exits(1)
        .says(
            "1 secure_boot changed: machines may have Secure Boot on or off",
            "  on -> on or off",
            "the second policy accepts every boot that the first accepts");
    JsonObject json =
        policy("diff", file("next.json"), file("boot.json"), "--json").exits(1).json();
    assertThat(json.bool("accepts_all_of_the_first")).isFalse();
    assertThat(json.list("differences")).hasSize(1);
    write("broken.json", text.replaceFirst("\"sha256\": ?\"..", "\"sha256\":\""));
    policy("lint", file("broken.json")).exits(2).says("broken.json: line ", "32 bytes");
    String state = DATA.resolve("refstate/intel_svr.refstate.json").toString();
    policy("lint", state).exits(0).says("a reference state demands no SBAT level");
    policy("diff", state, file("boot.json")).exits(2).says("cannot be compared");
    write("list", A + " /usr/bin/a\n");
    policy("convert", file("list"), "-o", file("p.json"));
    policy("diff", file("p.json"), file("boot.json")).exits(2).says("runtime policy is needed");
  }
}
