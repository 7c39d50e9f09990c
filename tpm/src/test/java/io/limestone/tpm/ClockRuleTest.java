package io.limestone.tpm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClockRuleTest {
  private static final ClockInfo BEFORE = new ClockInfo(1_000, 5, 2, true);

  private static ClockInfo clock(long clock, long resets, long restarts) {
    return new ClockInfo(clock, resets, restarts, true);
  }

  @Test
  void timeGoesForward() {
    assertThat(ClockRule.refuse(BEFORE, clock(1_001, 5, 2))).isEmpty();
    assertThat(ClockRule.refuse(BEFORE, clock(1_001, 5, 3))).isEmpty();
  }

  @Test
  void aResetBeginsRestartsAnew() {
    assertThat(ClockRule.refuse(BEFORE, clock(1_001, 6, 0))).isEmpty();
  }

  @Test
  void whatGoesBackOrStandsStillIsRefused() {
    assertThat(ClockRule.refuse(BEFORE, clock(1_000, 5, 2))).get().asString().contains("clock");
    assertThat(ClockRule.refuse(BEFORE, clock(999, 5, 2))).isPresent();
    assertThat(ClockRule.refuse(BEFORE, clock(2_000, 4, 9))).get().asString().contains("reset");
    assertThat(ClockRule.refuse(BEFORE, clock(2_000, 5, 1))).get().asString().contains("restart");
  }

  @Test
  void theClockCountsAlsoWhenBothCountersGrew() {
    assertThat(ClockRule.refuse(BEFORE, clock(999, 6, 3))).isPresent();
  }

  @Test
  void anUnsafeClockIsRefusedEvenAtFirst() {
    ClockInfo unsafe = new ClockInfo(2_000, 5, 2, false);
    assertThat(ClockRule.refuse(unsafe)).isPresent();
    assertThat(ClockRule.refuse(BEFORE, unsafe)).isPresent();
    assertThat(ClockRule.refuse(BEFORE)).isEmpty();
  }

  @Test
  void theClockIsUnsigned() {
    assertThat(ClockRule.refuse(clock(Long.MAX_VALUE, 0, 0), clock(Long.MIN_VALUE, 0, 0)))
        .isEmpty();
    assertThat(ClockRule.refuse(clock(-1, 0, 0), clock(1, 0, 0))).isPresent();
  }
}
