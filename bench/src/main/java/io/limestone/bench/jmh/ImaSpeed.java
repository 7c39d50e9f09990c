package io.limestone.bench.jmh;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.util.Collection;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.results.RunResult;

/**
 * Entries of a measurement list appraised per second, beside what hashing alone takes in the same
 * run: the machine may be shared, the share of the hashing stays.
 */
public final class ImaSpeed implements Benchmark.Body {
  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    Collection<RunResult> results = Jmh.run("ImaAppraisal");
    RunResult appraise = of(results, "appraise");
    double speed = appraise.getPrimaryResult().getScore();
    double hashing = of(results, "hashOnly").getPrimaryResult().getScore();
    figures.accept(
        new Figure(
            name,
            speed,
            "1/s",
            Map.of(
                "hashing_alone", Long.toString(Math.round(hashing)),
                "share_of_hashing_alone", "%.2f".formatted(speed / hashing),
                "allocated_bytes_per_entry", "%.2f".formatted(Jmh.allocated(appraise)),
                "error_percent",
                    Long.toString(
                        Math.round(100 * appraise.getPrimaryResult().getScoreError() / speed)))));
  }

  private static RunResult of(Collection<RunResult> results, String method) {
    return results.stream()
        .filter(result -> result.getParams().getBenchmark().endsWith("." + method))
        .findFirst()
        .orElseThrow();
  }
}
