package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.keylime.Activation;
import io.limestone.keylime.AgentTls;
import io.limestone.keylime.Challenge;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.RegistrarClient;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * Whole registrations (POST, ActivateCredential, PUT) of software TPMs, eight at a time. The client
 * runs on the same cores, so the rate is a lower bound; the server's CPU is what it uses itself.
 */
public final class RegistrationRate implements Benchmark.Body {
  private static final int WARM_UP = 400;
  private static final int COUNTED = 600;
  private static final int AT_ONCE = 8;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    List<SoftwareTpm> tpms = new ArrayList<>();
    TestCa ca = new TestCa("bench", Instant.now());
    for (int i = 0; i < 16; i++) {
      tpms.add(SoftwareTpm.make(KeyKind.RSA2048, ca));
    }
    Comparison.run(
        name + ".cpu-each",
        "ms",
        Map.of("key", "RSA2048"),
        () -> Site.limestone(getClass(), "2"),
        () -> Site.keylime(getClass(), "2"),
        site -> {
          registerAll(site, tpms, "warm-", WARM_UP);
          double cpu = site.serverCpu();
          Stopwatch watch = Stopwatch.start();
          registerAll(site, tpms, "counted-", COUNTED);
          double rate = COUNTED / (watch.ms() / 1000);
          figures.accept(
              Comparison.figure(name, rate, "1/s", Map.of("key", "RSA2048"), site.name()));
          return new double[] {1000 * (site.serverCpu() - cpu) / COUNTED};
        },
        figures);
  }

  private static void registerAll(Site site, List<SoftwareTpm> tpms, String prefix, int count)
      throws Exception {
    URI base = URI.create("http://127.0.0.1:" + site.servers().registrarPort());
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      RegistrarClient client = new RegistrarClient(http, base);
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        SoftwareTpm tpm = tpms.get(i % tpms.size());
        NodeId id = NodeId.parse(prefix + i);
        all.add(() -> register(client, id, tpm));
      }
      for (Future<Integer> status : threads.invokeAll(all)) {
        if (status.get() != 200) {
          throw new IllegalStateException("a registration ended with " + status.get());
        }
      }
    }
  }

  private static int register(RegistrarClient client, NodeId id, SoftwareTpm tpm) throws Exception {
    var posted = client.post(id, registration(tpm));
    if (posted.statusCode() != 200) {
      return posted.statusCode();
    }
    Bytes blob = Bytes.ofBase64(Envelope.parse(posted.body()).content().string("blob"));
    Challenge challenge = new Challenge(tpm.activateCredential(CredentialBlob.parse(blob)));
    return client.activate(id, new Activation(challenge.authTag(id)).authTag()).statusCode();
  }

  /** The TPM's own EK certificate stands for the agent's: nobody is polled here. */
  private static Registration registration(SoftwareTpm tpm) {
    List<Bytes> chain = tpm.ekChain().stream().map(TestCa::der).toList();
    return new Registration(
        Optional.empty(),
        Optional.of(tpm.ak().to2b()),
        Optional.of(tpm.ek().to2b()),
        chain,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of("127.0.0.1"),
        Optional.of(9002),
        Optional.of(new AgentTls.Pinned(chain.getFirst())));
  }
}
