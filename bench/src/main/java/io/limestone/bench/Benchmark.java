package io.limestone.bench;

import java.util.function.Consumer;

/**
 * Something to measure.
 *
 * @param about one line for people
 */
public record Benchmark(String name, String about, Body body) {

  /** Measures, and hands out each figure as soon as it is there. */
  public interface Body {
    void run(String name, Consumer<Figure> figures) throws Exception;
  }
}
