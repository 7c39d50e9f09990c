package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.LimestoneProgram;
import io.limestone.systemtest.parts.Program;
import io.limestone.systemtest.parts.Workplace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A runtime policy from a root file system, the whole process: many small files, and few large
 * ones. The two tools take turns, so that both see the machine's good and bad moments; the first
 * turn, which fills the kernel's cache, does not count. {@code BENCH_TREE=DIR} takes another tree.
 */
public final class CreatePolicy implements Benchmark.Body {
  private static final int ROUNDS = 5;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** The second line of {@code times}, of the children: {@code 0m1.234000s 0m0.567000s}. */
  private static final Pattern TIME = Pattern.compile("([0-9]+)m([0-9.]+)s");

  private record Tool(String name, List<String> command) {}

  private record Took(double wall, double cpu) {}

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    List<Tool> tools = new ArrayList<>();
    tools.add(new Tool("limestone", LimestoneProgram.limestone("policy", "create", "runtime")));
    if (!"no".equals(System.getenv("BENCH_PEERS"))) {
      String peer = KeylimePackage.installed().program("keylime-policy");
      tools.add(new Tool("keylime", List.of(peer, "create", "runtime")));
    }
    String tree = System.getenv("BENCH_TREE");
    for (String one :
        tree == null ? List.of("/usr/share", "/usr/lib/x86_64-linux-gnu") : List.of(tree)) {
      compare(name, tools, one, figures);
    }
  }

  private static void compare(String name, List<Tool> tools, String tree, Consumer<Figure> figures)
      throws IOException {
    Path folder = Workplace.empty(CreatePolicy.class);
    double[][] wall = new double[tools.size()][ROUNDS];
    double[][] cpu = new double[tools.size()][ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
      for (int tool = 0; tool < tools.size(); tool++) {
        Took took = once(tools.get(tool), tree, folder);
        if (round >= 0) {
          wall[tool][round] = took.wall;
          cpu[tool][round] = took.cpu;
        }
      }
    }
    tell(name + ".wall", tools, tree, wall, figures);
    tell(name + ".cpu", tools, tree, cpu, figures);
  }

  private static void tell(
      String name, List<Tool> tools, String tree, double[][] ms, Consumer<Figure> figures) {
    Map<String, String> varied = Map.of("tree", tree);
    for (int tool = 0; tool < tools.size(); tool++) {
      double median = Comparison.median(ms[tool]);
      figures.accept(Comparison.figure(name, median, "ms", varied, tools.get(tool).name));
    }
    if (tools.size() == 2) {
      double ratio = Comparison.median(ms[1]) / Comparison.median(ms[0]);
      figures.accept(Comparison.figure(name + ".ratio", ratio, "x", varied, "keylime/limestone"));
    }
  }

  private static Took once(Tool tool, String tree, Path folder) {
    List<String> words = new ArrayList<>(List.of("sh", "-c", "\"$@\" && times", "sh"));
    words.addAll(tool.command);
    words.addAll(List.of("--rootfs", tree, "--output", folder.resolve("policy.json").toString()));
    Program.Ended ended = Program.run(tool.name, folder, Map.of(), words, PATIENCE).succeeded();
    List<MatchResult> times = TIME.matcher(ended.output()).results().toList();
    double seconds =
        times.subList(times.size() - 2, times.size()).stream()
            .mapToDouble(
                one -> Integer.parseInt(one.group(1)) * 60 + Double.parseDouble(one.group(2)))
            .sum();
    return new Took(ended.took().toNanos() / 1e6, seconds * 1000);
  }
}
