package io.limestone.bench.jmh;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.results.RunResult;

/**
 * Entries of a measurement list appraised per second of CPU time, beside what hashing alone takes
 * in the same run: the machine may be shared, and others' share of it differs from run to run.
 */
public final class ImaSpeed implements Benchmark.Body {
  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    Collection<RunResult> results = Jmh.run("ImaAppraisal");
    RunResult appraise = of(results, "appraise");
    double perCpuSecond = perCpuSecond(appraise);
    double hashing = perCpuSecond(of(results, "hashOnly"));
    figures.accept(
        new Figure(
            name,
            perCpuSecond,
            "1/s",
            Map.of(
                "hashing_alone",
                Long.toString(Math.round(hashing)),
                "share_of_hashing_alone",
                String.format(Locale.ROOT, "%.2f", perCpuSecond / hashing),
                "by_the_clock",
                Long.toString(Math.round(appraise.getPrimaryResult().getScore())),
                "allocated_bytes_per_entry",
                String.format(
                    Locale.ROOT, "%.2f", Jmh.secondary(appraise, "gc.alloc.rate.norm")))));
    figures.accept(
        new Figure(
            name + ".by-two-policies",
            perCpuSecond / perCpuSecond(of(results, "appraiseByTwo")),
            "times the CPU of one policy",
            Map.of()));
  }

  private static double perCpuSecond(RunResult result) {
    return 1e9 * Jmh.secondary(result, "entries") / Jmh.secondary(result, "nanos");
  }

  private static RunResult of(Collection<RunResult> results, String method) {
    return results.stream()
        .filter(result -> result.getParams().getBenchmark().endsWith("." + method))
        .findFirst()
        .orElseThrow();
  }
}
