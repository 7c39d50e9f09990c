package io.limestone.bench.system;

import io.limestone.bench.Figure;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Measures Limestone, then the real Keylime in the same way, and gives medians and their ratio.
 * {@code BENCH_PEERS=no} leaves the peer out; where it cannot be installed, that is told.
 */
final class Comparison {
  private static final boolean PEERS = !"no".equals(System.getenv("BENCH_PEERS"));

  private Comparison() {}

  /** Makes a site. */
  interface Ground {
    Site make() throws Exception;
  }

  /** What is measured at a site. */
  interface Measure {
    double[] at(Site site) throws Exception;
  }

  /** Medians of several rounds at each site, and how many times more the peer takes. */
  static void run(
      String benchmark,
      String unit,
      Map<String, String> varied,
      Ground ours,
      Ground peers,
      Measure measure,
      Consumer<Figure> figures)
      throws Exception {
    double mine = measure(benchmark, unit, varied, ours, measure, figures);
    if (!PEERS) {
      return;
    }
    Optional<Double> theirs = peer(benchmark, unit, varied, peers, measure, figures);
    theirs.ifPresent(
        value ->
            figures.accept(
                figure(benchmark + ".ratio", value / mine, "x", varied, "keylime/limestone")));
  }

  private static Optional<Double> peer(
      String benchmark,
      String unit,
      Map<String, String> varied,
      Ground peers,
      Measure measure,
      Consumer<Figure> figures) {
    try {
      return Optional.of(measure(benchmark, unit, varied, peers, measure, figures));
    } catch (Exception | AssertionError e) {
      // The peer is a guest: without it there is no ratio, but our figures stand.
      System.err.println("bench: " + benchmark + ": no figure of the peer: " + e);
      return Optional.empty();
    }
  }

  private static double measure(
      String benchmark,
      String unit,
      Map<String, String> varied,
      Ground ground,
      Measure measure,
      Consumer<Figure> figures)
      throws Exception {
    try (Site site = ground.make()) {
      double median = median(measure.at(site));
      figures.accept(figure(benchmark, median, unit, varied, site.name()));
      return median;
    }
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  static Figure figure(
      String benchmark, double value, String unit, Map<String, String> varied, String who) {
    Map<String, String> all = new java.util.LinkedHashMap<>(varied);
    all.put("of", who);
    return new Figure(benchmark, value, unit, all);
  }
}
