package io.limestone.cli;

import io.limestone.cli.args.Output;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What the programs do at start, done once after the build so that the JVM can store the classes
 * loaded and linked on the way (JEP 514, see {@code bin/lib/dist.sh}).
 */
final class Rehearsal {
  private Rehearsal() {}

  public static void main(String[] args) throws InterruptedException {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    Output output = new Output(out, out);
    Limestone.run(output, List.of("--version"));
    Limestone.run(output, List.of("--help"));
  }
}
