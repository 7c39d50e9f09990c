package io.limestone.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.MalformedException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** runtime-policy §7, check 12. */
class AlgorithmChoiceTest {
  private static final String[] SOURCES = {
    "--algo option", "base policy", "allowlist", "IMA measurement list"
  };

  private static Said said(String word) {
    return switch (word) {
      case "64" -> new Said.Sha256OrSm3();
      case "?" -> new Said.Invalid();
      case "-" -> new Said.Nothing();
      default -> AlgorithmChoice.ofOption(word);
    };
  }

  private static AlgorithmChoice choice(String... words) {
    AlgorithmChoice choice = new AlgorithmChoice();
    for (int i = 0; i < words.length; i++) {
      choice.take(SOURCES[i], said(words[i]));
    }
    return choice;
  }

  @ParameterizedTest
  @CsvSource({
    "-, -, -, -, SHA256",
    "-, 64, -, -, SHA256",
    "-, 64, 64, sm3_256, SM3_256",
    "-, 64, -, sha256, SHA256",
    "sm3_256, 64, 64, -, SM3_256",
    "sha256, 64, 64, sha256, SHA256",
    "sha1, sha1, sha1, sha1, SHA1",
    "-, -, sha384, -, SHA384",
    "sha512, -, -, sha512, SHA512",
  })
  void sourcesThatAgree(String algo, String base, String list, String ima, HashAlg result) {
    assertThat(choice(algo, base, list, ima).result()).isEqualTo(result);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sha1 | 64 | - | - | The digest algorithm in the base policy does not match the previously set 'sha1' algorithm",
        "- | 64 | sha1 | - | The digest algorithm in the allowlist does not match the previously set 'sha256_or_sm3_256' algorithm",
        "- | sha384 | - | sha512 | The digest algorithm in the IMA measurement list does not match the previously set 'sha384' algorithm",
        "- | 64 | sha256 | sm3_256 | The digest algorithm in the IMA measurement list does not match the previously set 'sha256' algorithm",
        "- | ? | - | - | Invalid digest algorithm found in the base policy",
        "- | - | - | ? | Invalid digest algorithm found in the IMA measurement list",
      })
  void sourcesThatDoNot(String algo, String base, String list, String ima, String complaint) {
    assertThatThrownBy(() -> choice(algo, base, list, ima).result())
        .isInstanceOf(MalformedException.class)
        .hasMessage(complaint + ". Aborting operation");
  }

  static Stream<String> pairs() {
    return Stream.of("sha1", "sha256", "sha384", "sha512", "sm3_256");
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void anyTwoThatDifferAreRefusedAndEqualOnesAreNot(String first) {
    pairs()
        .forEach(
            second -> {
              AlgorithmChoice choice = choice("-", first, second, "-");
              if (first.equals(second)) {
                assertThat(choice.result().keylimeName()).isEqualTo(first);
              } else {
                assertThatThrownBy(choice::result).isInstanceOf(MalformedException.class);
              }
            });
  }
}
