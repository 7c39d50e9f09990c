package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
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
  void t7_longAnswersShareTheirMemoryUntilTheyAreJudged() {
    AnswerMemory memory = new AnswerMemory(80 * MIB); // 40 for long answers, 10 for medium ones
    Collector first = new Collector(64 * MIB, memory);
    assertThat(receive(first, 24 * MIB)).isEmpty();
    assertThat(first.bytes().size()).isEqualTo(24 * MIB);

    Collector second = new Collector(64 * MIB, memory);
    assertThat(receive(second, 24 * MIB).orElseThrow()).isInstanceOf(Exchange.Silence.class);
    second.release();

    first.release(); // judged
    Collector third = new Collector(64 * MIB, memory);
    assertThat(receive(third, 24 * MIB)).isEmpty();
    third.release();
    assertThat(memory.free(Size.LONG)).isEqualTo(40 * MIB);
    assertThat(memory.free(Size.MEDIUM)).isEqualTo(10 * MIB);
  }

  @Test
  void t7_longAnswersTakeNothingFromShorterOnes() {
    AnswerMemory memory = new AnswerMemory(80 * MIB);
    Collector large = new Collector(64 * MIB, memory);
    assertThat(receive(large, 39 * MIB)).isEmpty();
    assertThat(memory.free(Size.LONG)).isLessThan(MIB);
    Collector medium = new Collector(64 * MIB, memory);
    assertThat(receive(medium, 6 * MIB)).isEmpty();
    assertThat(receive(new Collector(64 * MIB, memory), 6 * MIB)).as("no room").isPresent();
    for (int i = 0; i < 1000; i++) {
      assertThat(receive(new Collector(64 * MIB, memory), Size.SMALL.most())).isEmpty();
    }
  }

  @Test
  void whatComesAfterNobodyWaitsAnyMoreTakesNothing() {
    AnswerMemory memory = new AnswerMemory(80 * MIB);
    Collector late = new Collector(8 * MIB, memory);
    assertThat(receive(late, MIB)).isEmpty();
    late.release();
    assertThat(receive(late, MIB)).isPresent();
    assertThat(memory.free(Size.MEDIUM)).isEqualTo(10 * MIB);
  }

  @Test
  void anAnswerHasACap() {
    Collector collector = new Collector(MIB, new AnswerMemory(80 * MIB));
    assertThat(receive(collector, MIB)).isEmpty();
    assertThat(collector.add(new byte[1]).orElseThrow()).isInstanceOf(Exchange.TooLong.class);
  }
}
