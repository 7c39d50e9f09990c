package io.limestone.bench;

import io.limestone.bench.jmh.ImaSpeed;
import io.limestone.bench.jmh.Jmh;
import io.limestone.bench.system.AgentFootprint;
import io.limestone.bench.system.AttestationCost;
import io.limestone.bench.system.CreatePolicy;
import io.limestone.bench.system.EnrolToPayload;
import io.limestone.bench.system.EvidenceCost;
import io.limestone.bench.system.NodeShow;
import io.limestone.bench.system.PolicySize;
import io.limestone.bench.system.RegistrationRate;
import io.limestone.bench.system.ServerStart;
import io.limestone.bench.system.TamperToVerdict;
import io.limestone.bench.system.TryDraft;
import java.util.List;
import java.util.Optional;

/** The program behind {@code bin/bench}: lists benchmarks, or runs those that are named. */
public final class Bench {
  private static final List<Benchmark> ALL =
      List.of(
          Jmh.benchmark("quote-verify", "quotes verified per second and core", "QuoteVerification"),
          Jmh.benchmark(
              "make-credential", "credential blobs made per second and core", "MakeCredential"),
          new Benchmark(
              "ima", "measurement list entries appraised per second and core", new ImaSpeed()),
          new Benchmark(
              "policy",
              "a runtime policy of 1,000,000 files: CPU to read it, bytes held for each digest",
              new PolicySize()),
          Jmh.benchmark(
              "boot",
              "boot logs of 73 KB parsed, replayed and appraised per second and core",
              "BootAppraisal"),
          new Benchmark(
              "server-start", "limestone server: start to both APIs answering", new ServerStart()),
          new Benchmark(
              "enrol-to-payload",
              "node add on the command line to the payload's script run",
              new EnrolToPayload()),
          new Benchmark(
              "tamper-to-verdict",
              "a program executed that no policy allows, to the failed verdict",
              new TamperToVerdict()),
          new Benchmark(
              "registrations", "registrations per second, and CPU each", new RegistrationRate()),
          new Benchmark(
              "attestation-cpu", "the server's CPU per attestation", new AttestationCost()),
          new Benchmark(
              "evidence-cpu",
              "the server's CPU per attestation, with the last evidence kept and not",
              new EvidenceCost()),
          new Benchmark(
              "try",
              "policy try: 5,000 nodes judged by a draft: wall time, CPU, memory",
              new TryDraft()),
          new Benchmark(
              "create",
              "policy create runtime from a root file system: wall time and CPU",
              new CreatePolicy()),
          new Benchmark("node-show", "limestone node show: wall time", new NodeShow()),
          new Benchmark(
              "agent",
              "agent: resident memory, start to registered, time per quote, size on disk",
              new AgentFootprint()));

  private Bench() {}

  /** Exit 0 when every benchmark ran, 2 on an unknown name. */
  public static void main(String[] names) throws Exception {
    if (names.length == 0) {
      ALL.forEach(b -> System.out.printf("%-18s %s%n", b.name(), b.about()));
      return;
    }
    for (String name : names) {
      if (find(name).isEmpty()) {
        System.err.println("bench: no benchmark " + name + "; `bin/bench` lists them");
        System.exit(2);
      }
    }
    for (String name : names) {
      find(name).orElseThrow().body().run(name, figure -> System.out.println(figure.line()));
    }
    System.exit(0); // threads of HTTP clients may linger
  }

  private static Optional<Benchmark> find(String name) {
    return ALL.stream().filter(b -> b.name().equals(name)).findFirst();
  }
}
