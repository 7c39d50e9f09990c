package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.MeasuredEvent;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Boot policies of ours over real logs. */
class BootRulesTest {
  static Stream<String> genuine() {
    return BootData.GENUINE.stream();
  }

  @ParameterizedTest
  @MethodSource("genuine")
  void aPolicyMadeFromAGenuineLogAcceptsIt(String name) {
    List<MeasuredEvent> log = BootData.log(name);
    BootPolicyMaker.Made made = BootPolicyMaker.make(List.of(log));
    assertThat(made.objections()).isEmpty();
    assertThat(BootRules.parse(made.document()).judge(log, Optional.empty()).objections())
        .isEmpty();
  }

  @ParameterizedTest
  @MethodSource("genuine")
  void andNoOtherMachines(String name) {
    BootRules rules = BootRules.parse(BootPolicyMaker.make(List.of(BootData.log(name))).document());
    for (String other : BootData.GENUINE) {
      boolean same =
          BootData.ours("uefi/" + other + ".bin").equals(BootData.ours("uefi/" + name + ".bin"));
      assertThat(rules.judge(BootData.log(other), Optional.empty()).accepts())
          .as(other)
          .isEqualTo(same);
    }
  }

  @Test
  void aPolicyWithoutAnythingAllowsNothing() {
    BootPolicy policy =
        BootPolicy.of("accept-all", "{\"limestone_boot_policy\":1,\"secure_boot\":true}");
    assertThat(policy.unusable()).isEmpty();
    assertThat(policy.judge(BootData.log("keylime-secureboot")).accepts()).isFalse();
  }
}
