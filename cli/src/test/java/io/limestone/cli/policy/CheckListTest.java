package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.testkit.ImaLogWriter;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A list judged alone, explained, and the policy changed so that it passes. */
class CheckListTest extends OnPolicyFiles {
  private ImaLogWriter ima;

  @BeforeEach
  void listAndPolicy() throws IOException {
    ima =
        new ImaLogWriter(SoftwareTpm.make(KeyKind.ECC256, new TestCa("Maker", Instant.now())))
            .bootAggregate()
            .file("/usr/bin/good", "good");
    write("ima", ima.text());
    StringBuilder list = new StringBuilder();
    for (String line : ima.text().lines().toList()) {
      String[] words = line.split(" ", -1);
      list.append(words[3].substring(words[3].indexOf(':') + 1)).append(' ').append(words[4]);
      list.append('\n');
    }
    write("list", list.toString());
    policy("convert", file("list"), "--output", file("policy.json")).exits(0);
  }

  @Test
  void aListOfWhatThePolicyAllowsIsAcceptedAndTheMissingQuoteIsSaid() {
    policy("check", file("ima"), file("policy.json")).exits(0).says("accepted", "no quote");
    JsonObject json = policy("check", file("ima"), file("policy.json"), "--json").exits(0).json();
    assertThat(json.bool("trusted")).isTrue();
    assertThat(json.integer("entries")).isEqualTo(2);
    String sha256 = json.object("pcr10").string("sha256");
    policy("check", file("ima"), file("policy.json"), "--pcr", "sha256:" + sha256).exits(0);
    policy("check", file("ima"), file("policy.json"), "--pcr", "sha256:" + "1".repeat(64))
        .exits(1)
        .says("ima.pcr_mismatch");
    policy("check", file("ima"), file("policy.json"), "--pcr", "sha256:" + "0".repeat(64))
        .exits(1)
        .says("never extended");
    policy("check", file("ima"), file("policy.json"), "--pcr", "sha256:00").exits(2);
    policy("check", file("ima"), file("policy.json"), "--pcr", "md5").exits(2);
  }

  @Test
  void whatFailsIsExplainedAndThePatchMakesItPass() throws IOException {
    write("ima", ima.file("/usr/bin/evil", "evil").text());
    JsonObject json = policy("check", file("ima"), file("policy.json"), "--json").exits(1).json();
    JsonObject failure = (JsonObject) json.list("failures").getFirst();
    assertThat(failure.integer("entry")).isEqualTo(2);
    assertThat(failure.string("path")).isEqualTo("/usr/bin/evil");
    policy("explain", file("ima"), file("policy.json"), "--output", file("patch.json"))
        .exits(1)
        .says(
            "1 check fails",
            "entry 2: /usr/bin/evil",
            "line      10 ",
            "rule      digests (ima.validation.ima-ng.not_in_allowlist)",
            "change    add ",
            "with the changes it would be accepted",
            "the patch is in");
    policy("apply", file("policy.json"), file("patch.json"), "--output", file("next.json"))
        .exits(0);
    policy("check", file("ima"), file("next.json")).exits(0);
    policy("apply", file("next.json"), file("patch.json")).exits(2).says("another policy");
    policy("diff", file("policy.json"), file("next.json")).exits(1).says("1 digests added");
  }

  @Test
  void aSignedPolicyIsOnlyUsedIfItsSignatureWasVerifiedOrTheUserDoesWithout() throws IOException {
    policy("sign", file("policy.json"), "-p", file("key"), "-b", "x509", "-c", file("signer.pem"))
        .exits(0);
    String signed = file("policy.dsse");
    policy("sign", file("policy.json"), "-k", file("key"), "-o", signed).exits(0);
    policy("sign", file("policy.json"), "-p", file("k2"), "-b", "x509", "-c", file("other.pem"));
    write("ima", ima.file("/usr/bin/evil", "evil").text());

    for (String command : new String[] {"check", "explain"}) {
      CommandRun refused = policy(command, file("ima"), signed).exits(2);
      refused.says("is signed, and nobody has verified by whom", "--key FILE", "--unverified");
      assertThat(refused.out()).as("no answer").isEmpty();
      policy(command, file("ima"), signed, "--key", file("other.pem"))
          .exits(2)
          .says("is NOT signed by");
      policy(command, file("ima"), file("policy.json"), "--key", file("signer.pem"))
          .exits(2)
          .says("is not signed");
      policy(command, file("ima"), signed, "--unverified").exits(1).says("NOT VERIFIED");
      policy(command, file("ima"), signed, "-k", file("other.pem"), "-k", file("signer.pem"))
          .exits(1);
    }
    policy("check", file("ima"), signed, "--key", file("signer.pem")).says("verified by");
    assertThat(signature("policy.dsse", "--unverified")).isEqualTo("NOT VERIFIED");
    assertThat(signature("policy.dsse", "--key", file("signer.pem"))).isEqualTo("verified");
    assertThat(signature("policy.json")).isEqualTo("none");
    policy("lint", signed).says("warning", "NOT VERIFIED: anybody may have written the policy");
    assertThat(policy("lint", signed, "--key", file("signer.pem")).out())
        .doesNotContain("NOT VERIFIED");
    policy("merge", signed, file("policy.json")).exits(2).says("nobody has verified");
  }

  private String signature(String policy, String... options) {
    List<String> words = new ArrayList<>(List.of("check", file("ima"), file(policy), "--json"));
    words.addAll(Arrays.asList(options));
    return policy(words.toArray(String[]::new)).json().string("policy_signature");
  }

  @Test
  void aSignedPolicyIsChangedOnlyKnowingly() throws IOException {
    policy("sign", file("policy.json"), "-p", file("key"), "-o", file("policy.dsse")).exits(0);
    String signed = file("policy.dsse");
    write("ima", ima.file("/usr/bin/evil", "evil").text());
    policy("explain", file("ima"), signed, "--unverified", "-o", file("patch")).exits(1);
    policy("apply", signed, file("patch"), "--unverified").exits(2).says("--drop-signature");
    policy("apply", signed, file("patch"), "--drop-signature").exits(2).says("--unverified");
    policy("apply", signed, file("patch"), "--drop-signature", "--unverified", "-o", file("next"))
        .exits(0)
        .says("names added: 1, changed: 0, removed: 0");
    policy("check", file("ima"), file("next")).exits(0).says("policy: not signed");
    policy("apply", file("policy.json"), file("patch")).exits(0); // the same content
    policy("apply", file("next"), file("patch")).exits(2).says("another policy", "--any-base");
    policy("apply", file("next"), file("patch"), "--any-base").exits(0).says("nothing is changed");
  }

  @Test
  void whatIsTooLargeIsRefusedBeforeItIsRead() throws IOException {
    try (RandomAccessFile huge = new RandomAccessFile(file("huge"), "rw")) {
      huge.setLength(CheckList.MAX_LIST + 1L);
    }
    policy("check", file("huge"), file("policy.json")).exits(2).says("huge is larger than 512 MiB");
    policy("check", file("ima"), file("huge")).exits(2).says("larger than 256 MiB");
    policy("lint", file("huge")).exits(2).says("no policy that can be used is");
    policy("apply", file("policy.json"), file("huge")).exits(2).says("larger than 64 MiB");
    policy("sign", file("policy.json"), "-p", file("key"), "-o", file("policy.dsse")).exits(0);
    policy("verify", file("policy.dsse"), "--key", file("huge")).exits(2).says("64 KiB");
    policy("check", folder.toString(), file("policy.json")).exits(2).says("is a directory");
    policy("check", "-", "-").exits(2).says("standard input (-) can only be read once");
  }

  @Test
  void noChangeOfThePolicyAcceptsAViolation() throws IOException {
    write("ima", ima.violation("/var/log/x").text());
    policy("explain", file("ima"), file("policy.json"), "--output", file("patch.json"))
        .exits(1)
        .says(
            "change    none that only allows what failed",
            "no change of a policy accepts any of it");
    assertThat(folder.resolve("patch.json")).doesNotExist();
  }

  @Test
  void namesFromTheListMoveNoCursor() throws IOException {
    write("ima", ima.file("/tmp/\u001b[2J", "x").text());
    CommandRun run = policy("explain", file("ima"), file("policy.json")).exits(1);
    assertThat(run.out() + run.err()).doesNotContain("\u001b");
    assertThat(run.out()).contains("/tmp/\\u001b[2J");
  }
}
