package io.limestone.policy.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Whatever the text is: it is a policy or is malformed, it judges a log without anything thrown,
 * and it accepts none that lacks what every boot has.
 */
class BootPolicyFuzzTest {
  private static final List<MeasuredEvent> LOG = BootData.log("keylime-issue1153");
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  @FuzzTest(maxDuration = "1m")
  void anyTextIsBootRulesOrMalformed(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try {
      BootRules rules = BootRules.parse(text);
      assertThat(rules.judge(List.of(), Optional.of(NOW)).accepts()).isFalse();
      Judgement judgement = rules.judge(LOG, Optional.of(NOW));
      assertThat(judgement.objections()).hasSizeLessThan(1100);
      judgement.objections().forEach(objection -> assertThat(objection.check()).isNotEmpty());
      assertThat(BootLint.of(text, false, NOW)).isNotEmpty();
      assertThat(BootPolicyDiff.of(text, text, NOW)).isEmpty();
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
      BootPolicy policy = BootPolicy.of(BootPolicy.OURS, text).at(NOW);
      assertThat(policy.judge(LOG).accepts()).isFalse();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyTextIsAReferenceStateOrMalformed(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try {
      ReferenceState state = ReferenceState.parse(text);
      assertThat(state.judge(List.of()).accepts()).isFalse();
      if (!Json.object(text).has(BootRules.MARKER)) {
        assertThat(BootLint.of(text, false, NOW)).isNotEmpty();
        assertThat(BootPolicyDiff.of(text, text, NOW)).isEmpty();
      }
      state.judge(LOG).objections().forEach(objection -> assertThat(objection.found()).isNotNull());
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
      assertThat(BootPolicy.of("example", text).judge(LOG).accepts()).isFalse();
    }
  }
}
