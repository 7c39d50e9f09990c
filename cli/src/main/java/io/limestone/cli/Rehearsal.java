package io.limestone.cli;

import io.limestone.cli.args.Output;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * What commands do at start, done once after the build so that the JVM can store the classes loaded
 * and linked on the way (JEP 514, see {@code bin/lib/dist.sh}). Arguments are the options that say
 * where a server is. In a process without a server: all classes of a cache are loaded at start.
 */
final class Rehearsal {
  private Rehearsal() {}

  public static void main(String[] where) throws InterruptedException {
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    Output output = new Output(out, out);
    for (List<String> command :
        List.of(
            List.of("node", "list"),
            List.of("node", "list", "--registered"),
            List.of("node", "show", "nobody"),
            List.of("node", "add", "nobody", "--no-ek-check"),
            List.of("policy", "list"))) {
      Limestone.run(output, Stream.concat(command.stream(), Stream.of(where)).toList());
    }
    Limestone.run(output, List.of("version"));
    String java = System.getProperty("java.home");
    Limestone.run(
        output,
        List.of(
            "policy",
            "create",
            "runtime",
            "--rootfs",
            java,
            "--skip-path",
            java + "/lib," + java + "/jmods", // the large ones
            "--output",
            "/dev/null"));
    Limestone.run(output, List.of("node", "add", "--help"));
    System.exit(0);
  }
}
