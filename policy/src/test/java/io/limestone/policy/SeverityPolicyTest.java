package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.MalformedException;
import org.junit.jupiter.api.Test;

class SeverityPolicyTest {
  @Test
  void theFirstRuleThatMatchesTheWholeIdDecides() {
    SeverityPolicy policy =
        SeverityPolicy.parse(
            SeverityPolicy.LABELS,
            "[{\"event_id\":\"ima\",\"severity_label\":\"info\"},"
                + "{\"event_id\":\"ima\\\\..*\",\"severity_label\":\"warning\"}]");
    assertThat(policy.of("ima.pcr_mismatch", true)).isEqualTo(new Severity(2, "warning"));
    assertThat(policy.of("pcr_validation.missing_pcrs", true).label()).isEqualTo("emergency");
    assertThat(policy.of("ima.pcr_mismatch", false)).isEqualTo(policy.highest());
  }

  @Test
  void aRuleWithAnUnknownLabelIsRefused() {
    assertThatThrownBy(
            () ->
                SeverityPolicy.parse(
                    SeverityPolicy.LABELS, "[{\"event_id\":\".*\",\"severity_label\":\"mild\"}]"))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("severity_policy[0]");
  }
}
