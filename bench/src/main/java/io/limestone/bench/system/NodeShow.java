package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.util.Map;
import java.util.function.Consumer;

/** The status of one node on the command line: the whole process, start to end. */
public final class NodeShow implements Benchmark.Body {
  private static final int ROUNDS = 11;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    Comparison.run(
        name,
        "ms",
        Map.of(),
        () -> Site.limestone(getClass(), "2").withAgent(),
        () -> Site.keylime(getClass(), "2").withAgent(),
        NodeShow::rounds,
        figures);
  }

  private static double[] rounds(Site site) throws Exception {
    site.enrol();
    site.node().awaitAttestations(2);
    double[] ms = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      Stopwatch watch = Stopwatch.start();
      site.show();
      ms[round] = watch.ms();
    }
    return ms;
  }
}
