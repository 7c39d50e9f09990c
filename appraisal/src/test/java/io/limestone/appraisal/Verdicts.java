package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** What a verdict must be. */
final class Verdicts {
  private Verdicts() {}

  static Verdict.Trusted trusted(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Trusted.class);
    return (Verdict.Trusted) verdict;
  }

  static Verdict.Untrusted untrusted(Verdict verdict, String... eventIds) {
    assertThat(verdict).isInstanceOf(Verdict.Untrusted.class);
    Verdict.Untrusted untrusted = (Verdict.Untrusted) verdict;
    List<String> found = untrusted.failures().stream().map(Failure::eventId).toList();
    assertThat(found).containsExactly(eventIds);
    assertThat(untrusted.next().ima()).isEqualTo(ImaProgress.NONE);
    for (Failure failure : untrusted.failures()) {
      assertThat(List.of(failure.check(), failure.found(), failure.expected(), failure.remedy()))
          .noneMatch(String::isBlank);
    }
    return untrusted;
  }
}
