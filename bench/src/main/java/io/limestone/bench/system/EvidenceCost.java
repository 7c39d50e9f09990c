package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.testkit.HostileAgent;
import io.limestone.tpm.HashAlg;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The server's CPU per attestation with the last evidence of each node kept, and not; of nodes that
 * only repeat themselves, and of nodes that measure something new before every attestation, which
 * is the worst case. Both in turn in one run.
 */
public final class EvidenceCost implements Benchmark.Body {
  private static final int NODES = 40;
  private static final double INTERVAL = 0.5;
  private static final int WARM_UP = 8_000;
  private static final int COUNTED = 24_000;
  private static final int ROUNDS = 2;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    List<String> added = new ArrayList<>();
    for (int i = 0; i < 40_000; i++) {
      added.add("/usr/bin/new-" + i);
    }
    try (SimulatedFleet fleet =
        new SimulatedFleet(getClass(), "verifier.quote_interval=" + INTERVAL)) {
      List<HostileAgent> agents = new ArrayList<>();
      try {
        fleet.replacePolicy(fleet.policy(added));
        for (int i = 0; i < NODES; i++) {
          int number = i;
          HostileAgent agent = fleet.agent("node-" + i);
          agents.add(agent);
          agent.agent().reboot(ima -> SimulatedFleet.measure(ima, number));
          fleet.enrol("node-" + i, agent);
        }
        AtomicInteger next = new AtomicInteger();
        for (int round = 0; round < ROUNDS; round++) {
          for (String kept : List.of("1024", "0")) {
            fleet.server().restart("verifier.evidence_kept=" + kept);
            for (boolean growing : new boolean[] {false, true}) {
              Consumer<HostileAgent> each =
                  agent -> {
                    String path = added.get(next.getAndIncrement() % added.size());
                    agent.agent().ima().ng(path, HashAlg.SHA256, SimulatedFleet.digest(path));
                  };
              figures.accept(
                  new Figure(
                      name,
                      measured(fleet, agents, growing ? each : agent -> {}),
                      "ms",
                      Map.of(
                          "evidence",
                          kept.equals("0") ? "not kept" : "kept",
                          "lists",
                          growing ? "growing" : "unchanged",
                          "round",
                          Integer.toString(round + 1),
                          "nodes",
                          Integer.toString(NODES))));
            }
          }
        }
      } finally {
        agents.forEach(HostileAgent::close);
      }
    }
  }

  private static double measured(
      SimulatedFleet fleet, List<HostileAgent> agents, Consumer<HostileAgent> each)
      throws Exception {
    during(WARM_UP, agents, each);
    long before = fleet.attestations();
    double cpu = fleet.cpu();
    during(COUNTED, agents, each);
    return 1000 * (fleet.cpu() - cpu) / (fleet.attestations() - before);
  }

  /** Something happens on every node once in an interval. */
  private static void during(int ms, List<HostileAgent> agents, Consumer<HostileAgent> each)
      throws InterruptedException {
    Stopwatch watch = Stopwatch.start();
    while (watch.ms() < ms) {
      agents.forEach(each);
      Thread.sleep((long) (1000 * INTERVAL));
    }
  }
}
