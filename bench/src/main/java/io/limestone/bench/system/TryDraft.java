package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.testkit.HostileAgent;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * {@code policy try}: the kept evidence of a fleet judged by a draft, half of which fails;
 * BENCH_NODES says how many nodes (default 5000). And what keeping it takes in the database.
 */
public final class TryDraft implements Benchmark.Body {
  private static final int NODES =
      Integer.parseInt(System.getenv().getOrDefault("BENCH_NODES", "5000"));
  private static final int LANES = 4;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    try (SimulatedFleet fleet =
        new SimulatedFleet(
            getClass(),
            "verifier.quote_interval=3600",
            "verifier.retry_interval=1",
            "verifier.max_retries=0",
            "verifier.unreachable_interval=86400")) {
      populate(fleet);
      JsonObject kept = awaitKept(fleet);
      Map<String, String> size =
          Map.of(
              "nodes", Integer.toString(NODES),
              "entries_each", Integer.toString(SimulatedFleet.COMMON + SimulatedFleet.OWN));
      figures.accept(
          new Figure(
              name + ".kept-each", kept.integer("bytes") / 1024.0 / NODES, "KiB as stored", size));
      fleet.server().restart(); // nobody answers it: it is idle soon
      Thread.sleep(15_000);
      fleet.forgetPeak();
      double idle = fleet.peak();
      double cpu = fleet.cpu();
      Stopwatch watch = Stopwatch.start();
      long failing = tried(fleet);
      double wall = watch.ms() / 1000;
      figures.accept(new Figure(name + ".wall", wall, "s", size));
      figures.accept(
          new Figure(name + ".cpu-each", 1000 * (fleet.cpu() - cpu) / NODES, "ms", size));
      figures.accept(
          new Figure(
              name + ".peak",
              fleet.peak(),
              "MiB resident",
              Map.of("before", Long.toString(Math.round(idle)), "nodes", Integer.toString(NODES))));
      if (failing < NODES / 4) {
        throw new IllegalStateException("only " + failing + " fail by the draft");
      }
    }
  }

  /** Agents lend their TPM and address to one node after the other: each is asked once. */
  private static void populate(SimulatedFleet fleet) throws Exception {
    try (ExecutorService lanes = Executors.newFixedThreadPool(LANES)) {
      List<Future<?>> all = new ArrayList<>();
      for (int lane = 0; lane < LANES; lane++) {
        int first = lane;
        all.add(
            lanes.submit(
                () -> {
                  try (HostileAgent agent = fleet.agent("lane-" + first)) {
                    for (int i = first; i < NODES; i += LANES) {
                      int number = i;
                      String id = "node-" + number;
                      agent.agent().reboot(ima -> SimulatedFleet.measure(ima, number));
                      fleet.enrol(id, agent);
                      Stopwatch.start().until(() -> fleet.attestations(id) > 0);
                    }
                  }
                  return true;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
  }

  private static JsonObject awaitKept(SimulatedFleet fleet) throws Exception {
    Thread.sleep(11_000); // it is written every ten seconds
    JsonObject kept = fleet.get("/limestone/v1/evidence");
    if (kept.integer("kept") != NODES) {
      throw new IllegalStateException(kept.toString());
    }
    return kept;
  }

  private static long tried(SimulatedFleet fleet) {
    long failing = 0;
    long passing = 0;
    Map<String, Object> body = new LinkedHashMap<>(fleet.policyWithoutOne());
    Optional<String> next = Optional.of("");
    while (next.isPresent()) {
      body.put("after", next.get());
      JsonObject page = fleet.post("/limestone/v1/try", body);
      failing += page.integer("would_fail");
      passing += page.integer("would_pass");
      next = page.optionalString("next");
    }
    if (failing + passing != NODES) {
      throw new IllegalStateException(failing + " and " + passing + " nodes were judged");
    }
    return failing;
  }
}
