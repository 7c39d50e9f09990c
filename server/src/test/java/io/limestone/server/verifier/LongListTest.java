package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.keylime.NodeId;
import io.limestone.server.RunningServer;
import io.limestone.server.ServerProcess;
import io.limestone.testkit.HostileAgent;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A measurement list of 500,000 entries, in a server that has not the memory to hold it twice. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LongListTest {
  private static final int ENTRIES = 500_000;
  private static final int FILES = 5_000;

  /** For everything: the server itself, the policy, the list, and what is kept of it. */
  private static final long HEAP = 150L * 1024 * 1024;

  /** What a server takes that has nothing to do; rather less. */
  private static final long IDLE = 16L * 1024 * 1024;

  private static final String EVIDENCE = "/v2.6/verify/evidence";
  private static final String NONCE = "0123456789abcdefghij";

  private final SimulatedAgent node =
      new SimulatedAgent(
          NodeId.parse("long-list"),
          SoftwareTpm.make(KeyKind.RSA2048, new TestCa("manufacturer", Instant.now())));
  private String policy;

  @BeforeAll
  void run() {
    policy = run(node);
  }

  @Test
  void aListOf500000EntriesIsAppraisedInLessThanTwiceItsSize(@TempDir Path home) throws Exception {
    long size = node.ima().text().length();
    assertThat(2 * size + IDLE).as("twice the list does not fit").isGreaterThan(HEAP);

    List<String> java = List.of("-Xmx" + HEAP, "-XX:+ExitOnOutOfMemoryError");
    try (ServerProcess server =
            ServerProcess.start(
                home,
                java,
                "server.roles",
                "verifier",
                "verifier.quote_interval",
                "3600",
                "verifier.retry_interval",
                "1",
                "verifier.request_timeout",
                "120",
                "verifier.evidence_of_node",
                "134217728");
        HostileAgent agent = HostileAgent.https(node, List.of(clientCa(home)))) {
      HttpClient admin = RunningServer.admin(home);
      URI uri = URI.create("https://localhost:" + server.port("verifier") + Scene.path(agent));
      JsonObject body = Scene.body(agent, Scene.runtimePolicy(policy));
      HttpResponse<String> enrolled = RunningServer.send(admin, "POST", uri, body);
      assertThat(enrolled.statusCode()).as(enrolled.body()).isEqualTo(200);
      JsonObject status =
          await()
              .atMost(Duration.ofMinutes(5)) // only a failure waits so long
              .pollInterval(Duration.ofMillis(100))
              .until(
                  () -> {
                    assertThat(server.process().isAlive()).as("out of memory").isTrue();
                    return Scene.results(RunningServer.send(admin, "GET", uri, null));
                  },
                  s -> s.integer("attestation_count") > 0 || s.integer("operational_state") > 3);
      assertThat(status.integer("attestation_count")).as(status.toString()).isEqualTo(1);
    }
  }

  /**
   * The same of the one-shot route, which is public: whoever sends such lists, the server goes on.
   */
  @Test
  void aListOf500000EntriesIsVerifiedOnceInLessThanTwiceItsSize(@TempDir Path home)
      throws Exception {
    String document = document(node, policy);
    assertThat(2L * document.length() + IDLE).isGreaterThan(HEAP);
    List<String> java = List.of("-Xmx" + HEAP, "-XX:+ExitOnOutOfMemoryError");
    try (ServerProcess server = ServerProcess.start(home, java, "server.roles", "verifier");
        HttpClient anyone = RunningServer.admin(home);
        ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      URI uri = URI.create("https://localhost:" + server.port("verifier") + EVIDENCE);
      List<Future<Integer>> atOnce =
          many.invokeAll(Collections.nCopies(3, () -> verified(anyone, uri, document)));
      for (Future<Integer> one : atOnce) {
        assertThat(one.get()).isIn(200, 503);
      }
      assertThat(server.process().isAlive()).as("not out of memory").isTrue();
      assertThat(verified(anyone, uri, document)).isEqualTo(200);
      int list = document.indexOf("\"ima_measurement_list\"");
      String forged =
          document.substring(0, list)
              + document.substring(list).replaceFirst("program-17\\b", "program-18");
      assertThat(post(anyone, uri, forged).body()).contains("\"valid\":false", "ima.");
    }
  }

  /** 200 with a valid verdict and without the list, or 503. */
  private static int verified(HttpClient client, URI uri, String document) throws Exception {
    HttpResponse<String> answer;
    try {
      answer = post(client, uri, document);
    } catch (IOException refused) {
      return 503; // while it was still being sent
    }
    if (answer.statusCode() == 200) {
      JsonObject results = Json.object(answer.body()).object("results");
      assertThat(results.bool("valid")).as(answer.body()).isTrue();
      assertThat(results.object("claims").members().keySet())
          .contains("quote", "runtime_policy")
          .doesNotContain("ima_measurement_list");
    }
    return answer.statusCode();
  }

  private static HttpResponse<String> post(HttpClient client, URI uri, String document)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(document)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** A quote over the whole list, with the list and the policy. */
  private static String document(SimulatedAgent node, String policy) {
    byte[] answer =
        node.answer(
                "GET",
                "/v2.6/quotes/integrity",
                Map.of("nonce", NONCE, "mask", "0x400", "partial", "0", "ima_ml_entry", "0"),
                new byte[0])
            .body()
            .toArray();
    JsonObject quoted = Json.object(answer).object("results");
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("quote", quoted.string("quote"));
    data.put("nonce", NONCE);
    data.put("hash_alg", quoted.string("hash_alg"));
    data.put("tpm_ek", "");
    data.put("tpm_ak", node.tpm().ak().to2b().base64());
    data.put("runtime_policy", policy);
    data.put("ima_measurement_list", quoted.string("ima_measurement_list"));
    return Json.text(Map.of("type", "tpm", "data", new JsonObject(data)));
  }

  /** Files run again and again; the policy that allows them. */
  private static String run(SimulatedAgent node) {
    node.ima().bootAggregate();
    Map<String, List<String>> digests = new LinkedHashMap<>();
    for (int i = 0; i < ENTRIES; i++) {
      String path = "/usr/bin/program-" + i % FILES;
      Bytes digest = HashAlg.SHA256.digest(Bytes.of(path.getBytes(StandardCharsets.UTF_8)));
      node.ima().ng(path, HashAlg.SHA256, digest);
      digests.put(path, List.of(digest.hex()));
    }
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("meta", Map.of("version", 1, "generator", 2));
    policy.put("release", 0);
    policy.put("digests", digests);
    policy.put("excludes", List.of("boot_aggregate"));
    policy.put("keyrings", Map.of());
    policy.put(
        "ima",
        Json.object("{\"ignored_keyrings\": [], \"log_hash_alg\": \"sha1\", \"dm_policy\": null}"));
    policy.put("ima-buf", Map.of());
    policy.put("verification-keys", "");
    return Json.text(policy);
  }

  private static X509Certificate clientCa(Path home) throws Exception {
    try (var in = Files.newInputStream(home.resolve("pki/cacert.crt"))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
