package io.limestone.bench.jmh;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs a JMH class on one thread, in a process of its own: operations per second. */
public final class Jmh {
  private Jmh() {}

  public static Benchmark benchmark(String name, String about, String className) {
    return new Benchmark(
        name,
        about,
        (benchmark, figures) -> {
          for (RunResult result : run(className)) {
            figures.accept(figure(benchmark, result));
          }
        });
  }

  /** All benchmarks of a class, with what they allocate. */
  static Collection<RunResult> run(String className) throws RunnerException {
    return new Runner(
            new OptionsBuilder()
                .include("\\." + className + "\\.")
                .mode(Mode.Throughput)
                .forks(1)
                .threads(1)
                .warmupIterations(5)
                .warmupTime(TimeValue.seconds(2))
                .measurementIterations(4)
                .measurementTime(TimeValue.seconds(2))
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build())
        .run();
  }

  /** What was counted beside the speed, by name. */
  static double secondary(RunResult result, String name) {
    return Objects.requireNonNull(result.getSecondaryResults().get(name), name).getScore();
  }

  private static Figure figure(String benchmark, RunResult result) {
    BenchmarkParams params = result.getParams();
    Map<String, String> varied = new LinkedHashMap<>();
    for (String key : params.getParamsKeys()) {
      varied.put(key, params.getParam(key));
    }
    double error = result.getPrimaryResult().getScoreError();
    if (!Double.isNaN(error)) {
      varied.put(
          "error_percent",
          Long.toString(Math.round(100 * error / result.getPrimaryResult().getScore())));
    }
    return new Figure(benchmark, result.getPrimaryResult().getScore(), "1/s", varied);
  }
}
