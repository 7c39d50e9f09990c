package io.limestone.bench.system;

import java.time.Duration;

/** Milliseconds since a moment, and patience for what has to come. */
record Stopwatch(long began) {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A condition that may fail to be judged. */
  interface Condition {
    boolean met() throws Exception;
  }

  static Stopwatch start() {
    return new Stopwatch(System.nanoTime());
  }

  double ms() {
    return (System.nanoTime() - began) / 1e6;
  }

  /** Looks every two milliseconds. */
  void until(Condition condition) throws Exception {
    while (!condition.met()) {
      if (ms() > PATIENCE.toMillis()) {
        throw new IllegalStateException("waited " + PATIENCE.toSeconds() + " s in vain");
      }
      Thread.sleep(2);
    }
  }
}
