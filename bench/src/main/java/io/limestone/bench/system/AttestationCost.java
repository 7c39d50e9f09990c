package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import java.util.Map;
import java.util.function.Consumer;

/** CPU of all server processes per attestation of one node, IMA list and policy included. */
public final class AttestationCost implements Benchmark.Body {
  private static final int SECONDS = 15;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    Comparison.run(
        name,
        "ms",
        Map.of("quote_interval_s", "0.1"),
        () -> Site.limestone(getClass(), "0.1").withAgent(),
        () -> Site.keylime(getClass(), "0.1").withAgent(),
        AttestationCost::perAttestation,
        figures);
  }

  private static double[] perAttestation(Site site) throws Exception {
    site.enrol();
    site.node().awaitAttestations(60); // warm
    double cpuBefore = site.serverCpu();
    long before = site.node().attestations();
    Thread.sleep(SECONDS * 1000L);
    long done = site.node().attestations() - before;
    return new double[] {1000 * (site.serverCpu() - cpuBefore) / done};
  }
}
