package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * A program that no policy allows is executed at a random moment, until the node's status says
 * failed. About half the quote interval of it is waiting for the next quote.
 */
public final class TamperToVerdict implements Benchmark.Body {
  private static final int ROUNDS = 7;
  private static final long INVALID_QUOTE = 9;

  private final Random random = new Random(1);

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    for (String interval : new String[] {"2", "0.1"}) {
      Comparison.run(
          name,
          "ms",
          Map.of("quote_interval_s", interval),
          () -> Site.limestone(getClass(), interval).withAgent(),
          () -> Site.keylime(getClass(), interval).withAgent(),
          site -> rounds(site, Double.parseDouble(interval)),
          figures);
    }
  }

  private double[] rounds(Site site, double interval) throws Exception {
    double[] ms = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      site.enrol();
      site.node().awaitAttestations(2);
      Thread.sleep((long) (random.nextDouble() * interval * 1000));
      site.machine().executes("/tmp/unknown-" + round + "-" + site.name());
      Stopwatch watch = Stopwatch.start();
      watch.until(() -> site.node().state() == INVALID_QUOTE);
      ms[round] = watch.ms();
      site.remove();
    }
    return ms;
  }
}
