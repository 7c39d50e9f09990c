package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.nio.file.Files;
import java.util.Map;
import java.util.function.Consumer;

/**
 * From the start of the enrolling command to the mark that the payload's script leaves on the node:
 * registrar asked, identity quote, key halves, first attestation, payload unlocked, unpacked, run.
 */
public final class EnrolToPayload implements Benchmark.Body {
  private static final int ROUNDS = 7;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    Comparison.run(
        name,
        "ms",
        Map.of(),
        () -> Site.limestone(getClass(), "2").withAgent(),
        () -> Site.keylime(getClass(), "2").withAgent(),
        EnrolToPayload::rounds,
        figures);
  }

  private static double[] rounds(Site site) throws Exception {
    double[] ms = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      Site.forget(site.payloadMark());
      Stopwatch watch = Stopwatch.start();
      Thread enrolling = Thread.ofPlatform().start(() -> enrol(site));
      watch.until(() -> Files.exists(site.payloadMark()));
      ms[round] = watch.ms();
      enrolling.join();
      site.remove();
    }
    return ms;
  }

  private static void enrol(Site site) {
    try {
      site.enrol();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
