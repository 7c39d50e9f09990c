package io.limestone.server.registrar;

import static io.limestone.server.registrar.Applicant.results;
import static io.limestone.server.registrar.Applicant.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.server.RunningServer;
import io.limestone.server.TestAuthority;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareKey;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegistrarTest {
  private static final TestCa CA = TestAuthority.named("Test");
  private static final SoftwareTpm TPM = tpm(KeyKind.RSA2048);
  private static final SoftwareTpm OTHER = tpm(KeyKind.ECC256);

  @TempDir static Path home;
  private static RunningServer server;

  @BeforeAll
  static void start() throws Exception {
    server = RunningServer.start(home, "server.roles", "registrar");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void versionIsToldOnBothPorts() throws Exception {
    for (var uri :
        java.util.List.of(server.plain("/version"), server.tls("registrar-tls", "/version"))) {
      HttpResponse<String> answer =
          RunningServer.send(server.anonymous(), "GET", uri, null, "X-Request-ID", "ab!c12");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(results(answer).string("current_version")).isEqualTo("2.6");
      assertThat(results(answer).strings("supported_versions")).contains("2.1", "2.6");
      assertThat(answer.headers().firstValue("X-Request-ID")).hasValue("abc12");
    }
  }

  @ParameterizedTest
  @EnumSource(KeyKind.class)
  void everyKindOfEkAndAkRegistersAndActivates(KeyKind kind) throws Exception {
    Applicant node = node("kind-" + kind.name().toLowerCase(Locale.ROOT), tpm(kind));
    HttpResponse<String> registered = node.post(node.body());
    assertThat(registered.statusCode()).as(registered.body()).isEqualTo(200);
    assertThat(node.show().statusCode()).isEqualTo(404);
    assertThat(status(node.show())).endsWith("has not been activated");
    assertThat(node.put(node.tag(registered)).statusCode()).isEqualTo(200);
    JsonObject shown = results(node.show());
    assertThat(shown.integer("regcount")).isEqualTo(1);
    assertThat(shown.string("aik_tpm")).isEqualTo(node.tpm().ak().to2b().base64());
    assertThat(shown.string("ekcert")).isEqualTo(Applicant.der(node.tpm()).base64());
    assertThat(shown.string("mtls_cert")).isEqualTo("disabled");
    assertThat(shown.string("ip")).isEqualTo("192.0.2.7");
    assertThat(shown.integer("port")).isEqualTo(9002);
  }

  @Test
  void theBlobHasKeylimesForm() throws Exception {
    Applicant node = node("blob", TPM);
    Bytes blob = Bytes.ofBase64(results(node.post(node.body())).string("blob"));
    assertThat(blob.size()).isEqualTo(336);
    assertThat(blob.hex()).startsWith("badcc0de00000001");
    assertThat(CredentialBlob.parse(blob).secret().size()).isEqualTo(256);
  }

  @Test
  void t13AWrongTagIsToldNothingAndLeavesNoResidue() throws Exception {
    Applicant node = node("t13", TPM);
    String tag = node.tag(node.post(node.body()));
    String wrong = (tag.charAt(0) == '0' ? "1" : "0") + tag.substring(1);
    HttpResponse<String> answer = node.put(wrong);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).doesNotContain(tag.substring(1, 20)).doesNotContain(wrong);
    assertThat(status(node.show())).endsWith("not found");
    assertThat(node.put(tag).statusCode()).isEqualTo(404);
  }

  @Test
  void anUpperCaseTagIsWrong() throws Exception {
    Applicant node = node("upper", TPM);
    String tag = node.tag(node.post(node.body()));
    assertThat(node.put(tag.toUpperCase(Locale.ROOT)).statusCode()).isEqualTo(400);
  }

  @Test
  void aWrongTagNeitherDeletesNorAltersAnActiveRecord() throws Exception {
    Applicant node = node("wrong-on-active", TPM);
    node.join();
    String before = node.show().body();
    assertThat(node.put("00".repeat(48)).statusCode()).isEqualTo(404);
    String tag = node.tag(node.post(node.body("ip", "192.0.2.99")));
    assertThat(node.put("00".repeat(48)).statusCode()).isEqualTo(400);
    assertThat(node.show().body()).isEqualTo(before);
    assertThat(node.put(tag).statusCode()).isEqualTo(200);
    assertThat(results(node.show()).string("ip")).isEqualTo("192.0.2.99");
  }

  @Test
  void aPendingReRegistrationDoesNotTakeTheActiveRecordDown() throws Exception {
    Applicant node = node("pending", TPM);
    node.join();
    String before = node.show().body();
    HttpResponse<String> again = node.post(node.body("port", 9999));
    assertThat(node.show().body()).isEqualTo(before);
    node.put(node.tag(again));
    assertThat(results(node.show()).integer("regcount")).isEqualTo(2);
    assertThat(results(node.show()).integer("port")).isEqualTo(9999);
  }

  @Test
  void aRegistrationWithoutIdentityFieldsDoesNotAlterAnActiveRecord() throws Exception {
    Applicant node = node("no-identity", TPM);
    node.join();
    String before = node.show().body();
    HttpResponse<String> again =
        node.post(new JsonObject(Map.of("ip", "198.51.100.1", "port", 1, "mtls_cert", "disabled")));
    assertThat(again.statusCode()).isEqualTo(200);
    assertThat(node.show().body()).isEqualTo(before);
    assertThat(node.put(node.tag(again)).statusCode()).isEqualTo(200);
    assertThat(results(node.show()).string("ip")).isEqualTo("198.51.100.1");
    assertThat(results(node.show()).integer("regcount")).isEqualTo(1);
  }

  @Test
  void t15AnotherTpmCannotTakeAnId() throws Exception {
    Applicant node = node("t15", TPM);
    node.join();
    String before = node.show().body();
    Applicant thief = node("t15", OTHER);
    assertThat(thief.post(thief.body()).statusCode()).isEqualTo(403);
    // A new AK, the EK's certificate taken away, another one put in its place.
    assertThat(node.post(node.body("aik_tpm", OTHER.ak().to2b().base64())).statusCode())
        .isEqualTo(403);
    assertThat(node.post(node.body("ekcert", "")).statusCode()).isEqualTo(403);
    assertThat(
            node.post(
                    node.body(
                        "ekcert",
                        TestCa.pem(java.util.List.of(CA.ekCertificate(TPM.ek().publicKey())))))
                .statusCode())
        .isEqualTo(403);
    assertThat(node.show().body()).isEqualTo(before);
  }

  @Test
  void t15AnAdministratorsDeletionLetsAnotherTpmInAndIsAudited() throws Exception {
    Applicant node = node("t15-admin", TPM);
    node.join();
    HttpResponse<String> deleted =
        RunningServer.send(
            server.admin(), "DELETE", server.tls("registrar-tls", "/v2.6/agents/t15-admin"), null);
    assertThat(deleted.statusCode()).isEqualTo(200);
    assertThat(status(node.show())).endsWith("not found");
    node("t15-admin", OTHER).join();
    assertThat(results(node.show()).string("ek_tpm")).isEqualTo(OTHER.ek().to2b().base64());
  }

  @Test
  void t1TheEkCertificateMustBeAboutTheEk() throws Exception {
    Applicant node = node("t1", TPM);
    SoftwareTpm third = tpm(KeyKind.ECC384);
    HttpResponse<String> answer = node.post(node.body("ekcert", third.ekChainPem()));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(status(answer)).contains("ekcert is not about this key");
  }

  @Test
  void t2AnUnrestrictedAkIsRefused() throws Exception {
    Applicant node = node("t2", TPM);
    int restricted = io.limestone.tpm.ObjectAttributes.RESTRICTED;
    for (int missing :
        new int[] {
          restricted,
          io.limestone.tpm.ObjectAttributes.FIXED_TPM,
          io.limestone.tpm.ObjectAttributes.FIXED_PARENT,
          io.limestone.tpm.ObjectAttributes.SENSITIVE_DATA_ORIGIN,
          io.limestone.tpm.ObjectAttributes.SIGN
        }) {
      var ak = TPM.ak();
      var weak =
          new io.limestone.tpm.TpmtPublic(
              ak.nameAlg(),
              ak.attributes() & ~missing,
              ak.authPolicy(),
              ak.aesBits(),
              ak.scheme(),
              ak.key());
      assertThat(node.post(node.body("aik_tpm", weak.to2b().base64())).statusCode()).isEqualTo(400);
    }
  }

  @Test
  void unusableRegistrationsAreRefusedWith400() throws Exception {
    Applicant node = node("unusable", TPM);
    String ak = TPM.ak().to2b().base64();
    for (JsonObject body :
        java.util.List.of(
            node.without("ek_tpm"),
            node.without("aik_tpm"),
            node.body("aik_tpm", ak.substring(0, 20) + "\n" + ak.substring(20)),
            node.body("aik_tpm", "AAA="),
            node.body("aik_tpm", 7),
            node.body("mtls_cert", "hello"),
            node.body("ekcert", "hello"),
            node.body("ekcert", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            node.body("port", 70000),
            node.body("port", -1),
            node.body("iak_tpm", ak))) {
      HttpResponse<String> answer = node.post(body);
      assertThat(answer.statusCode()).as(body.toString()).isEqualTo(400);
      assertThat(status(answer)).startsWith("Could not register agent with invalid data");
    }
    assertThat(status(node.show())).endsWith("not found");
  }

  @Test
  void aBodyThatIsNotDeclaredJsonCountsAsNone() throws Exception {
    Applicant node = node("text-plain", TPM);
    HttpResponse<String> answer =
        RunningServer.send(
            HttpClient.newHttpClient(),
            "POST",
            server.plain("/v2.6/agents/text-plain"),
            node.body(),
            "Content-Type",
            "text/plain");
    assertThat(answer.statusCode()).isEqualTo(400);
  }

  @Test
  void theWordDisabledIsKeptInLowerCase() throws Exception {
    Applicant node = node("disabled", TPM);
    HttpResponse<String> registered = node.post(node.body("mtls_cert", "DISABLED", "ekcert", ""));
    node.put(node.tag(registered));
    assertThat(results(node.show()).string("mtls_cert")).isEqualTo("disabled");
    assertThat(results(node.show()).optionalString("ekcert")).isEmpty();
  }

  @Test
  void anActivationWithoutATagKeepsTheRecord() throws Exception {
    Applicant node = node("no-tag", TPM);
    String tag = node.tag(node.post(node.body()));
    HttpResponse<String> empty =
        RunningServer.send(
            HttpClient.newHttpClient(),
            "PUT",
            server.plain("/v2.6/agents/no-tag"),
            new JsonObject(Map.of()));
    assertThat(empty.statusCode()).isEqualTo(400);
    assertThat(empty.body()).isEmpty();
    assertThat(node.put(tag).statusCode()).isEqualTo(200);
  }

  @Test
  void anIdOfAnyKindButTheGrammarsIsRefused() throws Exception {
    for (String id : new String[] {"a%20b", "a%0d%0ab", "%1b[31m", "..", "x".repeat(81)}) {
      HttpResponse<String> answer =
          RunningServer.send(
              HttpClient.newHttpClient(),
              "POST",
              server.plain("/v2.6/agents/" + id.replace("[", "%5b")),
              node("t5", TPM).body());
      assertThat(answer.statusCode()).as(id).isEqualTo(400);
    }
  }

  @Test
  void registrationsThatNeverWereActivatedAreListedButNotShown() throws Exception {
    Applicant node = node("listed", TPM);
    node.post(node.body());
    HttpResponse<String> list =
        RunningServer.send(
            server.admin(), "GET", server.tls("registrar-tls", "/v2.6/agents/"), null);
    assertThat(results(list).strings("uuids")).contains("listed");
  }

  /** Of ready-made keys: making RSA-4096 keys takes long. */
  private static SoftwareTpm tpm(KeyKind kind) {
    SoftwareKey ek = SoftwareKey.endorsement(kind, kind.shared("ek"));
    SoftwareKey ak = SoftwareKey.attestation(kind, kind.usualScheme(), kind.shared("ak"));
    return SoftwareTpm.of(ek, CA.endorse(ek.area().publicKey()), ak);
  }

  private static Applicant node(String id, SoftwareTpm tpm) {
    return new Applicant(server, id, tpm);
  }
}
