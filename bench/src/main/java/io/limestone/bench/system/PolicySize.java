package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.policy.RuntimePolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A runtime policy of a million files with names as long as a distribution's: the document's size,
 * the CPU time that reading it takes, and what stays in memory, once for all of its nodes.
 */
public final class PolicySize implements Benchmark.Body {
  private static final int FILES = 1_000_000;
  private static final int ROUNDS = 5;
  private static final double MIB = 1024 * 1024;

  /** A field, so that the collector sees it used until it is set to null. */
  private @Nullable RuntimePolicy held;

  @Override
  public void run(String name, Consumer<Figure> figures) {
    Bytes document = document();
    figures.accept(new Figure(name + ".document", document.size() / MIB, "MiB", Map.of()));
    double[] seconds = new double[ROUNDS];
    held = RuntimePolicy.parse(document); // warms up
    for (int i = 0; i < ROUNDS; i++) {
      long before = cpu();
      held = RuntimePolicy.parse(document);
      seconds[i] = (cpu() - before) / 1e9;
    }
    Arrays.sort(seconds);
    double median = seconds[ROUNDS / 2];
    figures.accept(
        new Figure(
            name + ".read",
            median,
            "s",
            Map.of("digests_per_cpu_second", Long.toString(Math.round(FILES / median)))));
    int digests = held.digests();
    long with = used();
    held = null;
    figures.accept(
        new Figure(name + ".held", (double) (with - used()) / digests, "bytes/digest", Map.of()));
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static Bytes document() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        bytes(
            "{\"meta\":{\"version\":1,\"generator\":2},\"release\":0,\"excludes\":[],\"keyrings\":{},"
                + "\"ima-buf\":{},\"verification-keys\":\"\",\"ima\":{\"ignored_keyrings\":[],"
                + "\"log_hash_alg\":\"sha1\",\"dm_policy\":null},\"digests\":{"));
    for (int i = 0; i < FILES; i++) {
      String path = "/usr/lib/python3/dist-packages/package" + i / 100 + "/module" + i + ".py";
      String digest = HashAlg.SHA256.digest(Bytes.of(bytes(path))).hex();
      out.writeBytes(bytes((i == 0 ? "\"" : ",\"") + path + "\":[\"" + digest + "\"]"));
    }
    out.writeBytes(bytes("}}"));
    return Bytes.of(out.toByteArray());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
