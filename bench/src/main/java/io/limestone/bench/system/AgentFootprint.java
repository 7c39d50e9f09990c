package io.limestone.bench.system;

import io.limestone.bench.Benchmark;
import io.limestone.bench.Figure;
import io.limestone.keylime.Nonce;
import io.limestone.keylime.QuoteRequest;
import io.limestone.systemtest.parts.Rest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The agent: start to registered, resident memory when idle and after 1,000 quotes over one kept
 * connection with mutual TLS, milliseconds per quote (the software TPM's work included), and size
 * on disk. With {@code LIMESTONE_TEST_AGENT} another agent is measured instead.
 */
public final class AgentFootprint implements Benchmark.Body {
  private static final int QUOTES = 1000;

  @Override
  public void run(String name, Consumer<Figure> figures) throws Exception {
    String other = System.getenv().getOrDefault("LIMESTONE_TEST_AGENT", "");
    String who = other.isEmpty() ? "limestone" : Path.of(other).getFileName().toString();
    try (Site site = Site.limestone(getClass(), "2")) {
      Stopwatch watch = Stopwatch.start();
      site.agent().launch();
      watch.until(() -> site.registrar().get("/v2.6/agents/" + Site.ID).status() == 200);
      figures.accept(Comparison.figure(name + ".registered", watch.ms(), "ms", Map.of(), who));
      site.agent().awaitRegistered(site.registrar());
      Thread.sleep(3000);
      figures.accept(rss(name, site, "idle", who));

      try (Rest agent = Rest.admin(site.servers().caFolder(), site.agent().port())) {
        quotes(agent, 20);
        Stopwatch quoting = Stopwatch.start();
        quotes(agent, QUOTES);
        figures.accept(
            Comparison.figure(name + ".quote", quoting.ms() / QUOTES, "ms", Map.of(), who));
      }
      figures.accept(rss(name, site, "after " + QUOTES + " quotes", who));
    }
    if (other.isEmpty()) {
      Path libraries = Path.of(System.getProperty("limestone.dist", ""), "agent-lib");
      if (Files.isDirectory(libraries)) {
        figures.accept(
            Comparison.figure(name + ".disk", mebibytes(libraries), "MiB", Map.of(), who));
      }
    } else {
      double size = Files.size(Path.of(other)) / 1048576.0;
      figures.accept(Comparison.figure(name + ".disk", size, "MiB", Map.of(), who));
    }
  }

  private static void quotes(Rest agent, int count) {
    SecureRandom random = new SecureRandom();
    for (int i = 0; i < count; i++) {
      QuoteRequest request = new QuoteRequest(Nonce.random(random), 0x400, true, 0);
      Rest.Answer answer = agent.get("/v2.2/quotes/integrity?" + request.query());
      if (answer.status() != 200) {
        throw new IllegalStateException(answer.toString());
      }
    }
  }

  private static Figure rss(String name, Site site, String when, String who) throws IOException {
    Path status = Path.of("/proc/" + site.agent().program().pid() + "/status");
    double kibibytes =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")))
            .sum();
    return Comparison.figure(name + ".rss", kibibytes / 1024, "MiB", Map.of("when", when), who);
  }

  private static double mebibytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.mapToLong(file -> file.toFile().length()).sum() / 1048576.0;
    }
  }
}
