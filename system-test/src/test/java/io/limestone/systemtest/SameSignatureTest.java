package io.limestone.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.LimestoneProgram;
import io.limestone.systemtest.parts.PolicyPrograms;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Workplace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Policies that we sign are good for the real Keylime, and those that it signs for us; what was
 * tampered with is good for nobody.
 */
class SameSignatureTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** What Keylime's verifier and tenant do with a policy and its key. */
  private static final String THEIR_VERIFICATION =
      """
      import sys
      from keylime.ima import ima
      ima.verify_runtime_policy(open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read(), True)
      """;

  private static Path work = Path.of("");
  private static String keylimePolicy = "";
  private static String python = "";

  @BeforeAll
  static void inputs() throws IOException {
    work = Workplace.empty(SameSignatureTest.class);
    PolicyPrograms programs = PolicyPrograms.in(work);
    keylimePolicy = programs.reference();
    python = KeylimePackage.installed().program("python");
    Files.writeString(work.resolve("allow"), "cd".repeat(32) + "  /usr/bin/a\n");
    programs.ours("-a", "allow", "-o", "policy.json").succeeded();
    for (String name : List.of("signer", "other")) {
      programs
          .shell(
              "openssl ecparam -genkey -noout -name prime256v1 -out %1$s.key && openssl ec -in %1$s.key -pubout -out %1$s.pub"
                  .formatted(name))
          .succeeded();
    }
  }

  private static Program.Ended ours(String... words) {
    return Program.run("limestone", work, Map.of(), LimestoneProgram.limestone(words), PATIENCE);
  }

  private static int ourAnswer(String file, String key) {
    return ours("policy", "verify", file, "--key", key).exit();
  }

  private static boolean isGoodForThem(String file, String key) {
    Program.Ended ended =
        Program.run(
            "keylime",
            work,
            Map.of(),
            List.of(python, "-c", THEIR_VERIFICATION, file, key),
            PATIENCE);
    assertThat(ended.output()).doesNotContain("ModuleNotFoundError");
    return ended.exit() == 0;
  }

  private static void sign(String who, String backend, String out) {
    String certificate = out + ".crt";
    if (who.equals("limestone")) {
      List<String> words =
          new ArrayList<>(
              List.of(
                  "policy", "sign", "policy.json", "-k", "signer.key", "-b", backend, "-o", out));
      if (backend.equals("x509")) {
        words.addAll(List.of("-c", certificate));
      }
      ours(words.toArray(String[]::new)).succeeded();
    } else {
      theirs("-k", "signer.key", "-b", backend, "-c", certificate, "-o", out);
    }
  }

  /** The real tool signs the policy. */
  private static void theirs(String... options) {
    List<String> words =
        new ArrayList<>(List.of(keylimePolicy, "sign", "runtime", "-r", "policy.json"));
    words.addAll(List.of(options));
    Program.run("keylime-policy", work, Map.of(), words, PATIENCE).succeeded();
  }

  @ParameterizedTest
  @ValueSource(strings = {"limestone ecdsa", "limestone x509", "keylime ecdsa", "keylime x509"})
  void aSignatureOfEitherIsGoodForBothAndOnlyByItsKey(String how) throws IOException {
    String[] words = how.split(" ", -1);
    String file = words[0] + "-" + words[1];
    sign(words[0], words[1], file);
    assertThat(isGoodForThem(file, "signer.pub")).isTrue();
    assertThat(ourAnswer(file, "signer.pub")).isZero();
    assertThat(isGoodForThem(file, "other.pub")).isFalse();
    assertThat(ourAnswer(file, "other.pub")).isEqualTo(1);
    if (words[1].equals("x509")) {
      assertThat(ourAnswer(file, file + ".crt")).isZero();
    }
    String signed = Files.readString(work.resolve(file));
    String payload = signed.replaceFirst("(?s).*\"payload\": ?\"([^\"]*)\".*", "$1");
    String evil =
        Base64.getEncoder()
            .encodeToString(
                new String(Base64.getDecoder().decode(payload), StandardCharsets.UTF_8)
                    .replace("/usr/bin/a", "/usr/bin/b")
                    .getBytes(StandardCharsets.UTF_8));
    assertThat(evil).isNotEqualTo(payload);
    refusedByBoth("tampered", signed.replace(payload, evil));
    refusedByBoth("other-type", signed.replace("vnd.keylime+json", "vnd.in-toto+json"));
    refusedByBoth(
        "no-signature", signed.replaceFirst("(?s)\"signatures\": ?\\[.*\\]", "\"signatures\": []"));
  }

  private static void refusedByBoth(String name, String text) throws IOException {
    Files.writeString(work.resolve(name), text);
    assertThat(isGoodForThem(name, "signer.pub")).as(name).isFalse();
    assertThat(ourAnswer(name, "signer.pub")).as(name).isEqualTo(1);
  }

  /** One that we make, which the operator has nowhere else. */
  @Test
  void aKeyThatWeMakeIsOneForKeylimesSigner() {
    ours("policy", "sign", "policy.json", "-p", "made.key", "-o", "made").succeeded();
    Program.run(
            "openssl",
            work,
            Map.of(),
            List.of("openssl", "pkey", "-in", "made.key", "-pubout", "-out", "made.pub"),
            PATIENCE)
        .succeeded();
    assertThat(isGoodForThem("made", "made.pub")).isTrue();
    assertThat(ourAnswer("made", "made.pub")).isZero();
    theirs("-k", "made.key", "-o", "made2");
    assertThat(ourAnswer("made2", "made.pub")).isZero();
  }
}
