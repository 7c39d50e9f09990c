package io.limestone.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.keylime.NodeId;
import io.limestone.server.Server;
import io.limestone.server.settings.Settings;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.RegistrarClient;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** A real server that asks often, and agents on TPMs in software; commands are run against it. */
public final class Site implements AutoCloseable {
  private final TestCa ca = new TestCa("Maker", Instant.now());
  private final Path home;
  private final Server server;
  private final List<HostileAgent> agents = new ArrayList<>();
  private int made;

  public Site(Path home) throws IOException {
    this.home = home;
    server =
        Server.start(
            home,
            Settings.defaults()
                .with(
                    Map.of(
                        "registrar.port", "0",
                        "registrar.tls_port", "0",
                        "verifier.port", "0",
                        "management.port", "0",
                        "verifier.quote_interval", "0.1")));
    Files.createDirectories(home.resolve("ek-roots"));
    Files.writeString(home.resolve("ek-roots/maker.pem"), TestCa.pem(List.of(ca.root())));
  }

  /** The maker of TPMs that this site trusts. */
  public TestCa maker() {
    return ca;
  }

  /** A command of this site: {@code node list}. */
  public CommandRun run(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(
        List.of(
            "--home",
            home.toString(),
            "--verifier",
            "127.0.0.1:" + server.ports().get("verifier"),
            "--registrar",
            "127.0.0.1:" + server.ports().get("registrar-tls")));
    return CommandRun.of(all);
  }

  /** An agent whose TPM is by this maker, registered and active; it has run {@code good}. */
  public HostileAgent registered(TestCa maker) throws Exception {
    SoftwareTpm tpm = SoftwareTpm.make(KeyKind.ECC256, maker);
    SimulatedAgent agent = new SimulatedAgent(new NodeId("node-" + ++made), tpm);
    agent.ima().bootAggregate().file("/usr/bin/good", "good");
    HostileAgent hostile = HostileAgent.https(agent, List.<X509Certificate>of());
    agents.add(hostile);
    int status =
        new RegistrarClient(
                HttpClient.newHttpClient(),
                URI.create("http://127.0.0.1:" + server.ports().get("registrar")))
            .register(hostile);
    assertThat(status).isEqualTo(200);
    return hostile;
  }

  /** A node that is registered and enrolled; its id. */
  public HostileAgent enrolled(String... options) throws Exception {
    HostileAgent agent = registered(ca);
    List<String> words = new ArrayList<>(List.of("node", "add", id(agent), "--quiet"));
    words.addAll(List.of(options));
    run(words.toArray(String[]::new)).exits(0);
    return agent;
  }

  public static String id(HostileAgent agent) {
    return agent.agent().id().value();
  }

  /** A runtime policy of files by name and content. */
  public Path policy(String file, Map<String, String> contents) throws IOException {
    StringBuilder digests = new StringBuilder();
    contents.forEach(
        (path, content) ->
            digests
                .append(digests.isEmpty() ? "" : ", ")
                .append("\"%s\": [\"%s\"]".formatted(path, digest(content))));
    return Files.writeString(
        home.resolve(file),
        """
        {"meta": {"version": 1, "generator": 2}, "release": 0,
         "digests": {%s}, "excludes": ["boot_aggregate"], "keyrings": {},
         "ima-buf": {}, "verification-keys": "",
         "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null}}
        """
            .formatted(digests));
  }

  public static String digest(String content) {
    return HashAlg.SHA256.digest(Bytes.of(content.getBytes(StandardCharsets.UTF_8))).hex();
  }

  /** Only a failure waits so long. */
  public static void patiently(Callable<Boolean> condition) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(50))
        .atMost(Duration.ofSeconds(60))
        .until(condition);
  }

  @Override
  public void close() {
    agents.forEach(HostileAgent::close);
    server.close();
  }
}
