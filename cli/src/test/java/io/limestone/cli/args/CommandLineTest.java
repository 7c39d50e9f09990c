package io.limestone.cli.args;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
  @Test
  void withoutWordsItShowsTheFirstSteps() {
    CommandRun.of().exits(0).says("First steps:", "limestone demo", "Exit codes:");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nod list | did you mean node?",
        "node lst | did you mean list?",
        "node list --jsn | did you mean --json?",
        "node list --state | --state takes a value",
        "node list --json --json | --json is given twice",
        "node list --json=yes | --json takes no value",
        "node show | ID is missing",
        "node show a b | too many arguments",
        "node show a/b | agent id has another character",
        "node list --state good | --state takes trusted",
        "node list --timeout 0 | --timeout takes a number from 1 to 3600",
        "policy add x y --kind z | --kind takes runtime or boot",
        "server --set a.b=c | no setting is called a.b",
        "config --set verifier.quote_interval=soon | verifier.quote_interval",
      })
  void unusableArgumentsAreNamedAndExitWith2(String words, String message) {
    CommandRun.of(words.strip().split(" ")).exits(2).says(message.strip());
  }

  @Test
  void completionKnowsEveryCommandAndItsOptions() {
    assertThat(CommandRun.of("completion").exits(0).out())
        .contains("\"limestone node add\") [[ $current != -* ]] || candidates=\"--file")
        .contains("\"limestone\") candidates=\"server agent node");
  }

  @Test
  void whatFollowsTwoDashesIsNoOption() {
    CommandRun.of("policy", "show", "--pki", "/nonexistent", "--", "--help")
        .exits(1)
        .says("/nonexistent/cacert.crt cannot be read");
  }
}
