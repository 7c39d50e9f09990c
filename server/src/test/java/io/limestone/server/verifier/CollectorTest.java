package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CollectorTest {
  private static final int MIB = 1024 * 1024;

  private static Optional<Exchange> receive(Collector collector, int bytes) {
    Optional<Exchange> refused = Optional.empty();
    for (int i = 0; i < bytes && refused.isEmpty(); i += 16 * 1024) {
      refused = collector.add(new byte[Math.min(16 * 1024, bytes - i)]);
    }
    return refused;
  }

  @Test
  void t7_longAnswersShareABudgetUntilTheyAreJudged() {
    AtomicLong budget = new AtomicLong(3 * MIB);
    Collector first = new Collector(8 * MIB, budget);
    assertThat(receive(first, 2 * MIB)).isEmpty();
    assertThat(first.bytes().size()).isEqualTo(2 * MIB);

    Collector second = new Collector(8 * MIB, budget);
    assertThat(receive(second, 2 * MIB).orElseThrow()).isInstanceOf(Exchange.Silence.class);
    second.release();
    Collector small = new Collector(8 * MIB, budget);
    assertThat(receive(small, Collector.SMALL)).as("small ones are always taken").isEmpty();

    first.release(); // judged
    Collector third = new Collector(8 * MIB, budget);
    assertThat(receive(third, 2 * MIB)).isEmpty();
    third.release();
    assertThat(budget.get()).isEqualTo(3 * MIB);
  }

  @Test
  void whatComesAfterNobodyWaitsAnyMoreTakesNothing() {
    AtomicLong budget = new AtomicLong(3 * MIB);
    Collector late = new Collector(8 * MIB, budget);
    assertThat(receive(late, MIB)).isEmpty();
    late.release();
    assertThat(receive(late, MIB)).isPresent();
    assertThat(budget.get()).isEqualTo(3 * MIB);
  }

  @Test
  void anAnswerHasACap() {
    Collector collector = new Collector(MIB, new AtomicLong(100 * MIB));
    assertThat(receive(collector, MIB)).isEmpty();
    assertThat(collector.add(new byte[1]).orElseThrow()).isInstanceOf(Exchange.TooLong.class);
  }
}
