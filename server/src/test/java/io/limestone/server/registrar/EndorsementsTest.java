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
import io.limestone.tpm.Certification;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndorsementsTest {
  private static final TestCa CA = TestAuthority.named("Vendor");
  private static final SoftwareTpm TPM = SoftwareTpm.make(KeyKind.ECC256, CA);

  @TempDir Path home;

  private RunningServer start(String... settings) throws Exception {
    String[] all = new String[settings.length + 2];
    System.arraycopy(settings, 0, all, 0, settings.length);
    all[settings.length] = "server.roles";
    all[settings.length + 1] = "registrar";
    return RunningServer.start(home, all);
  }

  private void trust(TestCa ca) throws Exception {
    Files.createDirectories(home.resolve("ek-roots"));
    Files.writeString(home.resolve("ek-roots/vendor.pem"), TestCa.pem(List.of(ca.root())));
  }

  private static String padded() {
    return Bytes.concat(TestCa.der(TPM.ekChain().getFirst()), Bytes.ofHex("0000")).base64();
  }

  @Test
  void aChainToTheTrustFolderIsRecordedAsEndorsed() throws Exception {
    trust(CA);
    try (RunningServer server = start("registrar.require_ek_cert", "true")) {
      Applicant node = new Applicant(server, "endorsed", TPM);
      node.join();
      assertThat(results(node.show()).bool("endorsed")).isTrue();
      assertThat(results(node.show()).string("endorsement")).contains("Vendor TPM EK Root CA");
      assertThat(results(node.show()).strings("ek_issuers")).hasSize(1);
    }
  }

  @Test
  void anUnknownIssuerIsRecordedAndLeftToTheUserUnlessACertificateIsRequired() throws Exception {
    try (RunningServer server = start()) {
      Applicant node = new Applicant(server, "unknown", TPM);
      node.join();
      assertThat(results(node.show()).bool("endorsed")).isFalse();
      assertThat(results(node.show()).string("endorsement")).contains("trust folder");
    }
    try (RunningServer server = start("registrar.require_ek_cert", "true")) {
      Applicant node = new Applicant(server, "required", TPM);
      assertThat(node.post(node.body()).statusCode()).isEqualTo(400);
      HttpResponse<String> without = node.post(node.body("ekcert", ""));
      assertThat(without.statusCode()).isEqualTo(400);
      assertThat(status(without)).contains("no EK certificate");
    }
  }

  @Test
  void aCertificateThatIsNotStrictDerIsKeptByteForByteOrRejected() throws Exception {
    trust(CA);
    try (RunningServer server = start("registrar.malformed_cert_action", "warn")) {
      Applicant node = new Applicant(server, "padded", TPM);
      HttpResponse<String> registered = node.post(node.body("ekcert", padded()));
      assertThat(node.put(node.tag(registered)).statusCode()).isEqualTo(200);
      assertThat(results(node.show()).string("ekcert")).isEqualTo(padded());
    }
    try (RunningServer server = start("registrar.malformed_cert_action", "reject")) {
      Applicant node = new Applicant(server, "rejected", TPM);
      assertThat(node.post(node.body("ekcert", padded())).statusCode()).isEqualTo(400);
      assertThat(node.post(node.body()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void iakAndIdevidRegisterWithBothFormsOfQualifyingData() throws Exception {
    trust(CA);
    try (RunningServer server = start("registrar.tpm_identity", "iak_idevid")) {
      Bytes id = Bytes.of("device".getBytes(StandardCharsets.UTF_8));
      Applicant node = new Applicant(server, "device", TPM);
      assertThat(node.post(node.body()).statusCode()).isEqualTo(400);
      assertThat(node.post(withDevice(node, CA, Bytes.ofHex("00"))).statusCode()).isEqualTo(400);
      HttpResponse<String> raw = node.post(withDevice(node, CA, id));
      assertThat(raw.statusCode()).as(raw.body()).isEqualTo(200);
      HttpResponse<String> hashed = node.post(withDevice(node, CA, HashAlg.SHA256.digest(id)));
      assertThat(node.put(node.tag(hashed)).statusCode()).isEqualTo(200);
      assertThat(node.show().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void deviceCertificatesOfAnUnknownIssuerAreRefused() throws Exception {
    trust(CA);
    try (RunningServer server = start()) {
      Applicant node = new Applicant(server, "device", TPM);
      TestCa other = new TestCa("Other", Instant.now());
      Bytes id = Bytes.of("device".getBytes(StandardCharsets.UTF_8));
      HttpResponse<String> answer = node.post(withDevice(node, other, id));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(status(answer)).contains("iak_cert");
    }
  }

  private JsonObject withDevice(Applicant node, TestCa ca, Bytes qualifyingData) throws Exception {
    // The device certificates' issuer is an intermediate, which does not come with them.
    Files.writeString(home.resolve("ek-roots/devices.pem"), TestCa.pem(List.of(CA.intermediate())));
    SoftwareKey iak =
        SoftwareKey.attestation(
            KeyKind.ECC256, KeyKind.ECC256.usualScheme(), KeyKind.ECC256.shared("iak"));
    SoftwareKey idevid =
        SoftwareKey.attestation(
            KeyKind.ECC256, KeyKind.ECC256.usualScheme(), KeyKind.ECC256.shared("idevid"));
    Certification certification = TPM.certifyAk(iak, qualifyingData);
    return node.body(
        "iak_tpm",
        iak.area().to2b().base64(),
        "iak_cert",
        certificate(ca, iak).base64(),
        "idevid_tpm",
        idevid.area().to2b().base64(),
        "idevid_cert",
        certificate(ca, idevid).base64(),
        "iak_attest",
        certification.attest().base64(),
        "iak_sign",
        certification.signature().base64());
  }

  private static Bytes certificate(TestCa ca, SoftwareKey key) {
    return TestCa.der(ca.deviceCertificate(key.area().publicKey(), "CN=device"));
  }
}
