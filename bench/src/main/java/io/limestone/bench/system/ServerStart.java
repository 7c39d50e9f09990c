package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.KeylimeServers;
import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Workplace;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Start of the program to registrar and verifier both answering: the first start, which makes the
 * PKI and the database, and later ones. Keylime's two servers are started one after the other,
 * since the verifier makes the CA that the registrar needs.
 */
public final class ServerStart implements Benchmark.Body {
  private static final int ROUNDS = 5;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    Path folder = Workplace.empty(getClass());
    LimestoneServer server = new LimestoneServer(folder.resolve("home"), List.of());
    figures.accept(figure(name, start(server), "first", "limestone"));
    double[] later = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      later[round] = start(server);
    }
    figures.accept(figure(name, Comparison.median(later), "later", "limestone"));
    if (!"no".equals(System.getenv("BENCH_PEERS"))) {
      KeylimePackage keylime = KeylimePackage.installed();
      try (NoticeReceiver webhook = new NoticeReceiver()) {
        Stopwatch watch = Stopwatch.start();
        KeylimeServers peers =
            KeylimeServers.start(keylime, folder.resolve("keylime"), webhook, "2", "accept-all");
        figures.accept(figure(name, watch.ms(), "first", "keylime"));
        peers.close();
      }
    }
  }

  private static double start(LimestoneServer server) throws Exception {
    Stopwatch watch = Stopwatch.start();
    double[] ready = new double[1];
    Thread looking = Thread.ofPlatform().start(() -> ready[0] = look(server, watch));
    server.start();
    looking.join();
    var unused = server.program().terminate();
    return ready[0];
  }

  /** Looks more often than {@link LimestoneServer#start} does. */
  private static double look(LimestoneServer server, Stopwatch watch) {
    try (Rest registrar = Rest.plain(server.registrarPort());
        Rest verifier = Rest.anonymous(server.verifierPort())) {
      watch.until(registrar::answers);
      watch.until(verifier::answers);
      return watch.ms();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Figure figure(String name, double ms, String which, String who) {
    return Comparison.figure(name, ms, "ms", Map.of("start", which), who);
  }
}
