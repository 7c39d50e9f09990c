package io.limestone.bench.system;

import io.limestone.keylime.AcceptedAlgs;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.NodeId;
import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.Rest;
import io.limestone.systemtest.parts.Workplace;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.ImaLogWriter;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A server in a process of its own, and agents on TPMs in software in this one. Their lists are
 * like those of machines of one image: {@value #COMMON} entries that all begin with, and {@value
 * #OWN} of {@value #POOL} more files in an order of their own.
 */
final class SimulatedFleet implements AutoCloseable {
  static final int COMMON = 1_800;
  static final int OWN = 200;
  private static final int POOL = 400;

  private final Path folder;
  private final LimestoneServer server;
  private final Rest verifier;
  private final TestCa ca = new TestCa("bench", Instant.now());

  /** With a policy {@code web} that allows all of these files. */
  SimulatedFleet(Class<?> benchmark, String... settings) throws Exception {
    folder = Workplace.empty(benchmark);
    List<String> all = new ArrayList<>(List.of("verifier.accept_foreign_registrations=true"));
    all.addAll(List.of(settings));
    server = new LimestoneServer(folder.resolve("home"), all);
    server.start();
    verifier = Rest.admin(server.caFolder(), server.verifierPort());
    post("/v2.6/allowlists/web", policy(List.of()));
  }

  /** The policy of all nodes becomes another one. */
  void replacePolicy(Map<String, ?> upload) {
    Rest.Answer answer = verifier.send("PUT", "/v2.6/allowlists/web", Json.text(upload));
    if (answer.status() != 201) {
      throw new IllegalStateException(answer.toString());
    }
  }

  LimestoneServer server() {
    return server;
  }

  Path folder() {
    return folder;
  }

  /** An agent that has run nothing. */
  HostileAgent agent(String id) throws Exception {
    SimulatedAgent agent =
        new SimulatedAgent(NodeId.parse(id), SoftwareTpm.make(KeyKind.ECC256, ca));
    try (var in = Files.newInputStream(server.caFolder().resolve("cacert.crt"))) {
      return HostileAgent.https(
          agent,
          List.of(
              (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in)));
    }
  }

  /** What a machine of this number has measured. */
  static void measure(ImaLogWriter ima, int number) {
    ima.bootAggregate();
    for (int i = 0; i < COMMON; i++) {
      ima.ng(path(i), HashAlg.SHA256, digest(path(i)));
    }
    List<Integer> own = new ArrayList<>();
    for (int i = 0; i < POOL; i++) {
      own.add(COMMON + i);
    }
    Collections.shuffle(own, new Random(number));
    for (int i : own.subList(0, OWN)) {
      ima.ng(path(i), HashAlg.SHA256, digest(path(i)));
    }
  }

  static String path(int number) {
    return "/usr/lib/x86_64-linux-gnu/package-"
        + number / 10
        + "/lib-of-some-name-"
        + number
        + ".so";
  }

  static Bytes digest(String path) {
    return HashAlg.SHA256.digest(Bytes.of(path.getBytes(StandardCharsets.UTF_8)));
  }

  /** The upload of a policy of all files, and of more, without one. */
  Map<String, Object> policy(List<String> more) {
    Map<String, List<String>> digests = new LinkedHashMap<>();
    for (int i = 0; i < COMMON + POOL; i++) {
      digests.put(path(i), List.of(digest(path(i)).hex()));
    }
    more.forEach(path -> digests.put(path, List.of(digest(path).hex())));
    return upload(digests);
  }

  /** The same without its last file, which half of the machines have run. */
  Map<String, Object> policyWithoutOne() {
    Map<String, List<String>> digests = new LinkedHashMap<>();
    for (int i = 0; i < COMMON + POOL - 1; i++) {
      digests.put(path(i), List.of(digest(path(i)).hex()));
    }
    return upload(digests);
  }

  private static Map<String, Object> upload(Map<String, List<String>> digests) {
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("meta", Map.of("version", 1, "generator", 2));
    policy.put("release", 0);
    policy.put("digests", digests);
    policy.put("excludes", List.of("boot_aggregate"));
    policy.put("keyrings", Map.of());
    policy.put("ima-buf", Map.of());
    policy.put("verification-keys", "");
    policy.put(
        "ima",
        Json.object("{\"ignored_keyrings\":[],\"log_hash_alg\":\"sha1\",\"dm_policy\":null}"));
    return Map.of("runtime_policy", Bytes.of(Json.bytes(policy)).base64());
  }

  /** Enrols a node that this agent answers for. */
  void enrol(String id, HostileAgent agent) {
    Map<String, Object> body =
        new LinkedHashMap<>(
            new Enrolment(
                    Optional.empty(),
                    Optional.of("127.0.0.1"),
                    Optional.of(agent.port()),
                    Optional.of("127.0.0.1"),
                    Optional.of(server.verifierPort()),
                    "{\"mask\":\"0x400\"}",
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    "{}",
                    Optional.empty(),
                    new AcceptedAlgs(List.of("sha256"), List.of("ecc"), List.of("ecdsa")),
                    agent.agent().tpm().ak().to2b(),
                    Optional.of(agent.agentTls()),
                    Optional.of(ApiVersion.CURRENT))
                .toJson()
                .members());
    body.put("runtime_policy_name", "web");
    post("/v2.6/agents/" + id, body);
  }

  JsonObject post(String path, Map<String, ?> body) {
    Rest.Answer answer = verifier.send("POST", path, Json.text(body));
    if (answer.status() != 200 && answer.status() != 201) {
      throw new IllegalStateException(path + ": " + answer);
    }
    return answer.results();
  }

  JsonObject get(String path) {
    return verifier.get(path).results();
  }

  /** Good attestations of a node. */
  long attestations(String id) {
    return get("/v2.6/agents/" + id).integer("attestation_count");
  }

  /** Good attestations of all nodes. */
  long attestations() {
    return get("/limestone/v1/nodes").list("nodes").stream()
        .mapToLong(node -> ((JsonObject) node).integer("attestation_count"))
        .sum();
  }

  /** CPU seconds that the server has used since it was started last. */
  double cpu() {
    return ProcessHandle.of(server.program().pid())
            .flatMap(process -> process.info().totalCpuDuration())
            .orElseThrow()
            .toNanos()
        / 1e9;
  }

  /** The most that was resident since {@link #forgetPeak}, in MiB. */
  double peak() throws IOException {
    return Files.readAllLines(process("status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
        .sum();
  }

  void forgetPeak() throws IOException {
    Files.writeString(process("clear_refs"), "5");
  }

  private Path process(String file) {
    return Path.of("/proc", Long.toString(server.program().pid()), file);
  }

  @Override
  public void close() {
    verifier.close();
    server.close();
  }
}
