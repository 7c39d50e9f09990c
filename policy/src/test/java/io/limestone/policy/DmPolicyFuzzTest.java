package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.util.List;

/**
 * Whatever stands for device-mapper rules: rules that can be asked, or a complaint with its place.
 */
class DmPolicyFuzzTest {
  private static final List<String> VALUES =
      List.of(
          "", "y", "off", "0", "17", "99999999999999999999", "verity", "254:0", "a".repeat(4096));

  @FuzzTest(maxDuration = "1m")
  void anyJsonIsRulesOrMalformed(byte[] json) {
    Object value;
    try {
      value = Json.value(json);
    } catch (MalformedException e) {
      return; // not what is looked at here
    }
    try {
      DmPolicy policy = DmPolicy.of(value, "dm-policy");
      assertThat(policy.isEmpty()).isEqualTo(policy.rules().isEmpty());
      for (DmPolicy.Rule rule : policy.rules()) {
        assertThat(policy.rule(rule.name())).isPresent();
        rule.device().values().forEach(DmPolicyFuzzTest::ask);
        rule.targets().forEach(target -> target.values().forEach(DmPolicyFuzzTest::ask));
        ask(rule.newName());
        ask(rule.newUuid());
      }
      for (String key : VALUES) {
        policy
            .ruleFor(key)
            .ifPresent(
                rule ->
                    assertThat(
                            rule.device()
                                .getOrDefault(policy.matchOn(), Expected.ANYTHING)
                                .accepts(key))
                        .isTrue());
      }
    } catch (MalformedException e) {
      assertThat(e.getMessage()).startsWith("dm-policy");
    }
  }

  private static void ask(Expected expected) {
    assertThat(expected.toString()).isNotNull();
    for (String value : VALUES) {
      boolean accepted = expected.accepts(value);
      switch (expected) {
        case Expected.Anything any -> assertThat(accepted).isTrue();
        case Expected.Flag flag -> {
          if (accepted) {
            assertThat(new Expected.Flag(!flag.value()).accepts(value)).isFalse();
          }
        }
        case Expected.Whole whole -> {
          if (accepted) {
            assertThat(value).isEqualTo(whole.value().toString());
          }
        }
        case Expected.Text text -> {}
      }
    }
  }
}
