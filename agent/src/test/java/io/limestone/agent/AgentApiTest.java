package io.limestone.agent;

import static io.limestone.agent.RunningAgent.results;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.keylime.QuoteReply;
import io.limestone.testkit.Swtpm;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The agent's interface as its peers see it, on a real TPM over real TLS. Numbers are those of
 * pull-protocol.md section 11.
 */
class AgentApiTest {
  private static Swtpm swtpm;
  private static StubRegistrar registrar;
  private static RunningAgent agent;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    swtpm = Swtpm.on(Files.createDirectory(folder.resolve("tpm")));
    registrar = new StubRegistrar(0);
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.writeString(home.resolve("ima.log"), "10 aa ima-ng sha256:00 boot_aggregate\n10 \"b\\\n");
    agent = new RunningAgent(home, swtpm.tcti(), registrar.port()).start();
  }

  @AfterAll
  static void stop() throws Exception {
    agent.close();
    registrar.close();
    swtpm.close();
  }

  @Test
  void itRegistersWithItsEkCertificateAndProvesItsAk() {
    assertThat(registrar.activated).isTrue();
    var registration = registrar.registrations.getFirst();
    assertThat(registration.ekChain()).hasSize(1);
    assertThat(registration.ip()).contains("127.0.0.1");
    assertThat(registration.port()).contains(agent.port);
    assertThat(TpmtPublic.parse2b(registration.akTpm().orElseThrow()).whyNotAttestationKey())
        .isEmpty();
  }

  @Test
  void n3_versionNamesHighestAndAll() throws Exception {
    JsonObject results = results(agent.get("/version"));
    assertThat(results.string("supported_version")).isEqualTo("2.6");
    assertThat(results.strings("supported_versions"))
        .isEqualTo(List.of("2.1", "2.2", "2.3", "2.4", "2.5", "2.6"));
  }

  @Test
  void n4_noClientCertificateNoAnswer() throws Exception {
    try (var client = RunningAgent.anonymous()) {
      assertThatThrownBy(() -> agent.send(client, "GET", "/version", null, "application/json"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void n5_aClientOfAForeignCaGetsNoAnswer() throws Exception {
    try (var client = RunningAgent.stranger()) {
      assertThatThrownBy(() -> agent.send(client, "GET", "/version", null, "application/json"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void n6_anUnknownVersionIsToldInTheWordsThatVerifiersLookFor() throws Exception {
    HttpResponse<String> response = agent.get("/v9.9/keys/pubkey");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body())
        .isEqualTo("{\"code\":400,\"status\":\"API version not supported: v9.9\",\"results\":{}}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/v2/keys/pubkey", "/", "/foo", "/v2.5"})
  void n7_aPathOfNoVersionIsNotImplemented(String path) throws Exception {
    HttpResponse<String> response = agent.get(path);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.object(response.body()).string("status"))
        .startsWith("Not Implemented: Use /2.1, /2.2");
  }

  @Test
  void n8_infoIsServedFrom22On() throws Exception {
    assertThat(agent.get("/v2.1/agent/info").statusCode()).isEqualTo(400);
    JsonObject info = results(agent.get("/v2.2/agent/info"));
    assertThat(info.string("agent_uuid")).isEqualTo(RunningAgent.ID);
    assertThat(info.string("tpm_hash_alg")).isEqualTo("sha256");
    assertThat(info.string("tpm_sign_alg")).isEqualTo("rsassa");
    assertThat(info.integer("ak_handle")).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"2.4, rsa", "2.5, rsa2048", "2.6, rsa2048"})
  void n9_theSizeIsNamedFrom25On(String version, String name) throws Exception {
    assertThat(results(agent.get("/v" + version + "/agent/info")).string("tpm_enc_alg"))
        .isEqualTo(name);
    assertThat(results(agent.get("/v" + version + "/quotes/identity?nonce=abc")).string("enc_alg"))
        .isEqualTo(name);
  }

  @Test
  void n10_anUnknownResourceAllowsGetAndPost() throws Exception {
    HttpResponse<String> response =
        agent.send("DELETE", "/v2.5/keys/zzz", null, "application/json");
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("Allow")).contains("GET, POST");
    assertThat(Json.object(response.body()).integer("code")).isEqualTo(405);
  }

  @ParameterizedTest
  @CsvSource({"POST, /v2.5/keys/pubkey", "POST, /version", "GET, /v2.6/keys/ukey"})
  void n11_aWrongMethodOfAKnownResourceHasAnEmptyAnswer(String method, String path)
      throws Exception {
    HttpResponse<String> response = agent.send(method, path, null, "application/json");
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.body()).isEmpty();
  }

  @Test
  void n41_anIdentityQuoteBindsTheTransportKeyAlone() throws Exception {
    JsonObject results = results(agent.get("/v2.6/quotes/identity?nonce=abc"));
    QuoteReply reply = QuoteReply.fromJson(results);
    verified(reply, "abc", 0x10000);
    assertThat(reply.ima()).isEmpty();
    String blob = results.string("quote").split(":", -1)[2];
    assertThat(Bytes.ofBase64(blob).size()).isEqualTo(668);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonce=a%2Bb%3D", "nonce=%FF", "", "nonce=a&nonce=b"})
  void n42_aNonceIsAlphanumeric(String query) throws Exception {
    assertThat(agent.get("/v2.6/quotes/identity?" + query).statusCode()).isEqualTo(400);
  }

  @Test
  void n43_aNonceHasAtMost64Characters() throws Exception {
    assertThat(agent.get("/v2.6/quotes/identity?nonce=" + "a".repeat(65)).statusCode())
        .isEqualTo(400);
    // 64 bytes are more than this TPM's TPM2B_DATA takes, or not: both are seen.
    assertThat(agent.get("/v2.6/quotes/identity?nonce=" + "a".repeat(64)).statusCode())
        .isIn(200, 500);
  }

  @Test
  void n44_partialIsNeeded() throws Exception {
    HttpResponse<String> response = agent.get("/v2.6/quotes/integrity?nonce=abc&mask=0x1");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.object(response.body()).string("status")).startsWith("Query deserialize error");
  }

  @Test
  void n45_partialIs0Or1() throws Exception {
    assertThat(integrity("0x0", "2", "0").statusCode()).isEqualTo(400);
  }

  @Test
  void n46_aPartialAnswerHasNoKey() throws Exception {
    assertThat(results(integrity("0x0", "1", "0")).has("pubkey")).isFalse();
    assertThat(results(integrity("0x0", "0", "0")).has("pubkey")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x408000", "408000"})
  void n47_n48_theMaskIsHexWithOrWithout0x(String mask) throws Exception {
    verified(QuoteReply.fromJson(results(integrity(mask, "0", "0"))), "abc", 0x418000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0x1000000", "ffffffff"})
  void n49_thereIsNoPcr24(String mask) throws Exception {
    HttpResponse<String> response = integrity(mask, "0", "0");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).contains("Unable to retrieve quote");
  }

  @Test
  void n50_theBootLogComesWithPcr0() throws Exception {
    assertThat(results(integrity("0x1", "1", "0")).string("mb_measurement_list")).isEqualTo("AQID");
    assertThat(results(integrity("0x2", "1", "0")).has("mb_measurement_list")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 2", "1, 1, 1", "2, 2, 0", "3, 0, 2", "x, 0, 2"})
  void n51_theImaLogComesFromTheEntryAskedFor(String asked, long first, int lines)
      throws Exception {
    QuoteReply.ImaList ima =
        QuoteReply.fromJson(results(integrity("0x400", "1", asked))).ima().orElseThrow();
    assertThat(ima.firstEntry()).isEqualTo(first);
    assertThat(new String(ima.text().toArray(), UTF_8).lines()).hasSize(lines);
  }

  @Test
  void theImaLogKeepsItsBytes() throws Exception {
    assertThat(results(integrity("0x400", "1", "0")).string("ima_measurement_list"))
        .isEqualTo(Files.readString(agent.home.resolve("ima.log")));
  }

  @Test
  void aLongUrlIsRefused() throws Exception {
    assertThat(agent.get("/v2.6/quotes/identity?nonce=" + "a".repeat(9000)).statusCode())
        .isIn(400, 414);
  }

  private static HttpResponse<String> integrity(String mask, String partial, String entry)
      throws Exception {
    return agent.get(
        "/v2.6/quotes/integrity?nonce=abc&mask=%s&partial=%s&ima_ml_entry=%s"
            .formatted(mask, partial, entry));
  }

  private static void verified(QuoteReply reply, String nonce, int mask) {
    TpmtPublic ak = TpmtPublic.parse2b(registrar.registrations.getFirst().akTpm().orElseThrow());
    assertThat(
            QuoteVerifier.verify(
                reply.quote(),
                ak,
                Bytes.of(nonce.getBytes(UTF_8)),
                new PcrSelection(HashAlg.SHA256, mask)))
        .isInstanceOf(QuoteVerifier.Verified.class);
    assertThat(reply.quote().pcrs().get(DataPcr.INDEX))
        .contains(DataPcr.expected(HashAlg.SHA256, reply.publicKeyPem().orElseThrow()));
  }
}
