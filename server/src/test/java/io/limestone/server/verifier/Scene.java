package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.keylime.AcceptedAlgs;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.OperationalState;
import io.limestone.server.RunningServer;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A verifier with short intervals, and agents that it may watch. */
final class Scene implements AutoCloseable {
  /** Only a failure waits so long: no machine that runs the tests may be too slow for them. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final TestCa ca = new TestCa("manufacturer", Instant.now());
  private static final List<String> QUICK =
      List.of(
          "server.roles", "verifier",
          "verifier.quote_interval", "0.05",
          "verifier.retry_interval", "0.05",
          "verifier.exponential_backoff", "false",
          "verifier.max_retries", "3",
          "verifier.request_timeout", "5");

  private final Path home;
  private final InstantSource clock;
  private final List<String> settings = new ArrayList<>(QUICK);
  private final List<HostileAgent> agents = new ArrayList<>();
  private RunningServer server;
  private HttpClient admin;

  private Scene(Path home, InstantSource clock, String... more) throws IOException {
    this.home = home;
    this.clock = clock;
    settings.addAll(List.of(more));
    server = RunningServer.start(home, clock, settings.toArray(String[]::new));
    admin = server.admin();
  }

  static Scene start(Path home, String... settings) throws IOException {
    return new Scene(home, InstantSource.system(), settings);
  }

  /** Whose server has a clock of the test's. */
  static Scene start(Path home, InstantSource clock, String... settings) throws IOException {
    return new Scene(home, clock, settings);
  }

  /** More settings. */
  static String[] and(String[] settings, String... more) {
    return Stream.of(settings, more).flatMap(Arrays::stream).toArray(String[]::new);
  }

  /** Ends the server and starts another one in the same folder. */
  void restart() throws IOException {
    server.close();
    server = RunningServer.start(home, clock, settings.toArray(String[]::new));
    admin = server.admin();
  }

  RunningServer server() {
    return server;
  }

  HostileAgent agent(String id) throws Exception {
    return agent(id, KeyKind.RSA2048);
  }

  /** An agent that listens with TLS and lets in this server only. */
  HostileAgent agent(String id, KeyKind kind) throws Exception {
    SimulatedAgent simulated = new SimulatedAgent(NodeId.parse(id), SoftwareTpm.make(kind, ca));
    HostileAgent agent = HostileAgent.https(simulated, List.of(clientCa()));
    agents.add(agent);
    return agent;
  }

  private X509Certificate clientCa() throws Exception {
    try (var in = Files.newInputStream(home.resolve("pki/cacert.crt"))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  static Enrolment enrolment(HostileAgent agent) {
    return new Enrolment(
        Optional.empty(),
        Optional.of("127.0.0.1"),
        Optional.of(agent.port()),
        Optional.of("127.0.0.1"),
        Optional.of(8881),
        "{\"mask\":\"0x0\"}",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        "{}",
        Optional.empty(),
        new AcceptedAlgs(
            List.of("sha256", "sha384", "sha512"),
            List.of("rsa", "ecc", "ecc384"),
            List.of("rsassa", "rsapss", "ecdsa")),
        agent.agent().tpm().ak().to2b(),
        Optional.of(agent.agentTls()),
        Optional.of(ApiVersion.CURRENT));
  }

  /** The body that enrols an agent, with some members changed. */
  static JsonObject body(HostileAgent agent, Map<String, ? extends @Nullable Object> changes) {
    Map<String, @Nullable Object> members =
        new LinkedHashMap<>(enrolment(agent).toJson().members());
    members.putAll(changes);
    return new JsonObject(members);
  }

  static JsonObject object(Map<String, String> members) {
    return new JsonObject(new LinkedHashMap<>(members));
  }

  static Map<String, String> runtimePolicy(String json) {
    return Map.of(
        "runtime_policy",
        Bytes.of(json.getBytes(StandardCharsets.UTF_8)).base64(),
        "tpm_policy",
        "{\"mask\":\"0x400\"}");
  }

  static Map<String, String> v(Secret v) {
    return Map.of("v", Bytes.of(v.reveal()).base64());
  }

  static Secret newV() {
    return Secret.random(32, new SecureRandom());
  }

  HttpResponse<String> call(String method, String path, @Nullable JsonObject body)
      throws Exception {
    return RunningServer.send(admin, method, server.tls("verifier", path), body);
  }

  HttpResponse<String> enrol(HostileAgent agent, Map<String, ? extends @Nullable Object> changes)
      throws Exception {
    return call("POST", path(agent), body(agent, changes));
  }

  void enrolled(HostileAgent agent, Map<String, ? extends @Nullable Object> changes)
      throws Exception {
    HttpResponse<String> answer = enrol(agent, changes);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  static String path(HostileAgent agent) {
    return "/v2.6/agents/" + agent.agent().id();
  }

  JsonObject status(HostileAgent agent) throws Exception {
    return results(call("GET", path(agent), null));
  }

  JsonObject explanation(HostileAgent agent) throws Exception {
    return results(call("GET", "/limestone/v1/nodes/" + agent.agent().id(), null));
  }

  static JsonObject results(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return Json.object(answer.body()).object("results");
  }

  static String text(HttpResponse<String> answer) {
    return Json.object(answer.body()).string("status");
  }

  JsonObject awaitState(HostileAgent agent, OperationalState state) {
    return awaitStatus(agent, "operational_state", state.number());
  }

  JsonObject awaitStatus(HostileAgent agent, String member, long value) {
    return await()
        .pollInterval(Duration.ofMillis(20))
        .atMost(PATIENCE)
        .until(() -> status(agent), s -> s.integer(member) == value);
  }

  JsonObject awaitAttested(HostileAgent agent, long times) {
    return await()
        .pollInterval(Duration.ofMillis(20))
        .atMost(PATIENCE)
        .until(() -> status(agent), s -> s.integer("attestation_count") >= times);
  }

  @Override
  public void close() {
    server.close();
    agents.forEach(HostileAgent::close);
  }
}
