package io.limestone.cli.node;

import io.limestone.cli.args.Output;

/** Tells each step of an enrolment as it is done, with the milliseconds since the start. */
@FunctionalInterface
public interface Progress {
  void step(String event, String text);

  /** To the person at the terminal, on the error stream; results stay apart. */
  static Progress to(Output output) {
    long start = System.nanoTime();
    return (event, text) ->
        output.note("%6d ms  %s".formatted((System.nanoTime() - start) / 1_000_000, text));
  }
}
