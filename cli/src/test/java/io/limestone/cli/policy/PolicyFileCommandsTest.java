package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.policy.PolicyDocument;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands that work on policy files alone. */
class PolicyFileCommandsTest extends OnPolicyFiles {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  @BeforeEach
  void policies() throws IOException {
    write("list.txt", A + " /usr/bin/a\n" + B + " /usr/bin/b\n");
    write("new.txt", B + " /usr/bin/a\n" + B + " /usr/bin/b\n" + A + " /opt/new\n");
    policy("convert", file("list.txt"), "--output", file("old.json")).exits(0).says("2 files");
    policy("convert", file("new.txt"), "--output", file("new.json")).exits(0);
  }

  @Test
  void aSignedPolicyIsVerifiedByItsKeyOnly() throws IOException {
    sign("ecdsa").exits(0);
    sign("x509", "--cert-outfile", file("x509.crt")).exits(0);
    assertThat(Files.getPosixFilePermissions(folder.resolve("x509.key")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    policy("verify", file("x509.dsse"), "--key", file("x509.crt")).exits(0).says("signed by this");
    policy("verify", file("ecdsa.dsse"), "--key", file("x509.crt")).exits(1).says("NOT signed");
    policy("verify", file("old.json"), "--key", file("x509.crt")).exits(2).says("is not signed");
    policy("sign", file("old.json"), "--keyfile", file("ecdsa.key")).exits(0).says("payload");
    policy("sign", file("x509.dsse"), "--keyfile", file("ecdsa.key")).exits(2).says("already");
    assertThat(
            PolicyDocument.parse(Bytes.of(Files.readAllBytes(folder.resolve("x509.dsse"))))
                .table("digests"))
        .containsKey("/usr/bin/a");
  }

  @Test
  void theSchemaOfBootPoliciesIsPrinted() {
    policy("schema", "boot").exits(0).says("https://json-schema.org/draft/2020-12/schema");
    policy("schema", "runtime").exits(2).says("boot policies only");
  }

  private CommandRun sign(String backend, String... more) {
    List<String> words =
        new ArrayList<>(List.of("sign", file("old.json"), "--keypath", file(backend + ".key")));
    words.addAll(List.of("--backend", backend, "--output", file(backend + ".dsse")));
    words.addAll(Arrays.asList(more));
    return policy(words.toArray(String[]::new));
  }

  @Test
  void signingWhatCannotBeSignedWritesNothing() throws IOException {
    write("bogus.json", "{}");
    String[][] lines = {
      {"sign", file("bogus.json"), "--keypath", file("k"), "--output", file("out")},
      {"sign", file("missing.json"), "--keypath", file("k"), "--output", file("out")},
      {"sign", file("old.json"), "--output", file("out")},
      {"sign", file("old.json"), "--keypath", file("k"), "--keyfile", file("k")},
      {"sign", file("old.json"), "--keypath", file("k"), "--backend", "x509"},
      {"sign", file("old.json"), "--keypath", file("k"), "--backend", "pgp"}
    };
    for (String[] line : lines) {
      policy(line).exits(2);
      assertThat(folder.resolve("out")).doesNotExist();
      assertThat(folder.resolve("k")).doesNotExist();
    }
  }

  @Test
  void differencesAreToldInWords() {
    policy("diff", file("old.json"), file("new.json"))
        .exits(1)
        .says(
            "1 digests added: nodes may now run these",
            "1 digests changed: nodes that still run the version before become untrusted",
            "/usr/bin/",
            "new");
    policy("diff", file("old.json"), file("old.json")).exits(0).says("say the same");
    assertThat(
            policy("diff", file("old.json"), file("new.json"), "--json")
                .exits(1)
                .json()
                .list("differences"))
        .hasSize(2);
    policy("diff", file("old.json")).exits(2);
  }

  @Test
  void mergingAllowsBoth() {
    policy("merge", file("old.json"), file("new.json"), "--output", file("both.json")).exits(0);
    policy("diff", file("old.json"), file("both.json"))
        .exits(1)
        .says("nodes may run a further version, and the one before");
    policy("merge", file("old.json")).exits(2);
  }

  @Test
  void lintFindsWhatSwallowsEverything() throws IOException {
    write("excludes", "# all of it\n.*\n");
    String open = file("open.json");
    policy("convert", file("list.txt"), "--excludelist", file("excludes"), "--output", open)
        .exits(0);
    policy("lint", open).exits(1).says("error    excludes[0] matches every name", "is not signed");
    policy("lint", file("old.json")).exits(0).says("warning", "boot_aggregate");
    assertThat(policy("lint", open, "--json").exits(1).json().list("complaints")).isNotEmpty();
  }

  @Test
  void aKeyIsSmall() throws IOException {
    write("endless.pem", "-----BEGIN PUBLIC KEY-----\n" + "A".repeat(64 << 10));
    policy("add", "web", file("old.json"), "--key", file("endless.pem"), "--why", "x")
        .exits(2)
        .says("endless.pem is larger than 64 KiB", "key");
    policy("add", "web", file("old.json"), "--key", "/dev/zero", "--why", "x")
        .exits(2)
        .says("/dev/zero is larger than 64 KiB");
  }

  @Test
  void whatIsNoPolicyIsUnusableWithTheReason() throws IOException {
    write("bad.json", "{\"meta\": {\"version\": 1, \"generator\": 3},\n \"exclude\": []}");
    policy("lint", file("bad.json")).exits(2).says("did you mean 'excludes'?", "line 2");
    write("bad.txt", "nothing\n");
    policy("convert", file("bad.txt")).exits(2).says("line 1");
  }
}
