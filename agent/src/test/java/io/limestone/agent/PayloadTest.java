package io.limestone.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.keylime.BootstrapKey;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Payload;
import io.limestone.keylime.RevocationNotice;
import io.limestone.keylime.SignedNotice;
import io.limestone.keylime.TransportKey;
import io.limestone.testkit.Swtpm;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Key halves, payload and revocation messages, as tenant and verifier deliver them. Numbers are
 * those of pull-protocol.md section 11. Each test delivers a payload of its own to one agent.
 */
class PayloadTest {
  private static final NodeId ID = NodeId.parse(RunningAgent.ID);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static Swtpm swtpm;
  private static StubRegistrar registrar;
  private static RunningAgent agent;
  private static RSAPublicKey transportKey;
  private static KeyPair revocationKey;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    swtpm = Swtpm.on(Files.createDirectory(folder.resolve("tpm")));
    registrar = new StubRegistrar(0);
    agent =
        new RunningAgent(
                Files.createDirectory(folder.resolve("home")), swtpm.tcti(), registrar.port())
            .start();
    transportKey =
        TransportKey.parse(RunningAgent.results(agent.get("/v2.6/keys/pubkey")).string("pubkey"));
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    revocationKey = generator.generateKeyPair();
  }

  @AfterAll
  static void stop() throws Exception {
    agent.close();
    registrar.close();
    swtpm.close();
  }

  /** K with its halves, delivered one by one. */
  private static final class Delivery {
    private final BootstrapKey key = BootstrapKey.random(RANDOM);
    private final BootstrapKey.Halves halves = key.split(RANDOM);

    KeyDelivery.U u(Optional<byte[]> payload) {
      return new KeyDelivery.U(
          TransportKey.wrap(transportKey, halves.u()),
          key.authTag(ID),
          payload.map(content -> Payload.seal(key, Secret.of(content), RANDOM)));
    }

    KeyDelivery.V v() {
      return new KeyDelivery.V(TransportKey.wrap(transportKey, halves.v()));
    }

    boolean isInForce() throws Exception {
      var response = agent.get("/v2.6/keys/verify?challenge=Challenge0123456789A");
      return response.statusCode() == 200
          && key.isProof(RunningAgent.results(response).string("hmac"), "Challenge0123456789A");
    }
  }

  private static int status(KeyDelivery delivery) throws Exception {
    String path = delivery instanceof KeyDelivery.U ? "/v2.6/keys/ukey" : "/v2.6/keys/vkey";
    var response = agent.post(path, delivery.toJson());
    if (response.statusCode() == 200) {
      assertThat(response.body())
          .isEqualTo("{\"code\":200,\"status\":\"Success\",\"results\":null}");
    }
    return response.statusCode();
  }

  private static Path unzipped(String name) {
    return agent.home.resolve("secure/unzipped").resolve(name);
  }

  private static byte[] zip(String... namesAndTexts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < namesAndTexts.length; i += 2) {
        zip.putNextEntry(new ZipEntry(namesAndTexts[i]));
        zip.write(namesAndTexts[i + 1].getBytes(UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  private static Delivery deliver(byte[] payload) throws Exception {
    Delivery delivery = new Delivery();
    assertThat(status(delivery.u(Optional.of(payload)))).isEqualTo(200);
    assertThat(status(delivery.v())).isEqualTo(200);
    assertThat(delivery.isInForce()).isTrue();
    return delivery;
  }

  /** Delivers one more payload and waits for it: whatever came before it was dealt with then. */
  private static void settle() throws Exception {
    String mark = "mark" + RANDOM.nextLong();
    deliver(zip(mark, "x"));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped(mark)));
  }

  @Test
  void n72_whatIsNotEncryptedToUsIsRefused() throws Exception {
    var u = new KeyDelivery.U(Bytes.of(new byte[256]), Bytes.of(new byte[48]), Optional.empty());
    var response = agent.post("/v2.6/keys/ukey", u.toJson());
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("Failed to decrypt encrypted_key");
  }

  @Test
  void n73_aHalfHas16Or32Bytes() throws Exception {
    Bytes encrypted = TransportKey.wrap(transportKey, Secret.random(24, RANDOM));
    assertThat(status(new KeyDelivery.V(encrypted))).isEqualTo(400);
  }

  @Test
  void n74_aTagHas48Bytes() throws Exception {
    var body =
        Map.of("encrypted_key", Bytes.of(new byte[256]).base64(), "auth_tag", "00".repeat(32));
    assertThat(agent.post("/v2.6/keys/ukey", body).statusCode()).isEqualTo(400);
  }

  @Test
  void n75_aWrongTagMakesNoKey() throws Exception {
    Delivery delivery = new Delivery();
    var wrong =
        new KeyDelivery.U(
            TransportKey.wrap(transportKey, delivery.halves.u()),
            Bytes.of(new byte[48]),
            Optional.empty());
    assertThat(status(wrong)).isEqualTo(200);
    assertThat(status(delivery.v())).isEqualTo(200);
    assertThat(delivery.isInForce()).isFalse();
  }

  @Test
  void n76_vMayComeFirst() throws Exception {
    Delivery delivery = new Delivery();
    assertThat(status(delivery.v())).isEqualTo(200);
    assertThat(status(delivery.u(Optional.of(zip("first.txt", "hello"))))).isEqualTo(200);
    assertThat(delivery.isInForce()).isTrue();
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("first.txt")));
    assertThat(unzipped("first.txt")).hasContent("hello");
    assertThat(Files.readAllBytes(unzipped("derived_tci_key")))
        .isEqualTo(delivery.key.k().reveal());
  }

  @Test
  void n77_aBodyOfMoreThan2MiBIsRefused() throws Exception {
    var response = agent.send("POST", "/v2.6/keys/ukey", "x".repeat(2_097_153), "application/json");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("larger than allowed");
  }

  @Test
  void aBodyOfAnotherTypeIsRefused() throws Exception {
    var response = agent.send("POST", "/v2.6/keys/ukey", "{}", "text/plain");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.object(response.body()).string("status")).startsWith("Content type error");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "{}", "{\"encrypted_key\":1}", "{\"a\":1,\"a\":2}"})
  void malformedDeliveriesAreRefused(String body) throws Exception {
    assertThat(agent.send("POST", "/v2.6/keys/vkey", body, "application/json").statusCode())
        .isEqualTo(400);
  }

  @Test
  void n78_aPayloadUnderAnotherKeyIsNotUnpacked() throws Exception {
    Delivery delivery = new Delivery();
    var u =
        new KeyDelivery.U(
            TransportKey.wrap(transportKey, delivery.halves.u()),
            delivery.key.authTag(ID),
            Optional.of(
                Payload.seal(
                    BootstrapKey.random(RANDOM), Secret.of(zip("other.txt", "x")), RANDOM)));
    assertThat(status(u)).isEqualTo(200);
    assertThat(status(delivery.v())).isEqualTo(200);
    settle();
    assertThat(unzipped("other.txt")).doesNotExist();
  }

  @Test
  void n79_aPayloadThatIsNoZipIsWrittenAndNothingIsRun() throws Exception {
    deliver("plain text".getBytes(UTF_8));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("decrypted_payload")));
    assertThat(unzipped("decrypted_payload")).hasContent("plain text");
  }

  @Test
  void theScriptRunsInThePayloadsFolder() throws Exception {
    deliver(
        zip("autorun.sh", "#!/bin/sh\ncat word > ran; echo $AGENT_UUID >> ran\n", "word", "w "));
    await()
        .atMost(PATIENCE)
        .until(() -> Files.exists(unzipped("ran")) && Files.size(unzipped("ran")) > 5);
    assertThat(unzipped("ran")).hasContent("w " + RunningAgent.ID);
  }

  @Test
  void thePayloadsFolderIsInMemoryAndPrivate() throws Exception {
    settle();
    Path secure = agent.home.resolve("secure").toRealPath();
    assertThat(Files.getFileStore(secure).type()).isEqualTo("tmpfs");
    assertThat(
            java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(secure)))
        .isEqualTo("rwx------");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../evil", "/tmp/evil", "a/../../evil", "a\\..\\evil", "./evil"})
  void n36_anArchiveCannotWriteOutsideOfItsFolder(String name) throws Exception {
    deliver(zip("good", "x", name, "x", "autorun.sh", "#!/bin/sh\ntouch ran\n"));
    settleWithout("good");
    assertThat(agent.home.resolve("secure/evil")).doesNotExist();
    assertThat(agent.home.resolve("evil")).doesNotExist();
    assertThat(Path.of("/tmp/evil")).doesNotExist();
  }

  @Test
  void n36_aBombFillsNothing() throws Exception {
    deliver(zip("bomb", "0".repeat(3 << 20), "autorun.sh", "#!/bin/sh\ntouch ran\n"));
    settleWithout("bomb");
  }

  private static void settleWithout(String name) throws Exception {
    settle();
    assertThat(unzipped(name)).doesNotExist();
    assertThat(unzipped("ran")).doesNotExist();
  }

  /** T3. */
  @Test
  void replayedHalvesRunNoPayloadAgain() throws Exception {
    Delivery delivery = new Delivery();
    KeyDelivery.U u = delivery.u(Optional.of(zip("once.txt", "x")));
    KeyDelivery.V v = delivery.v();
    assertThat(status(u)).isEqualTo(200);
    assertThat(status(v)).isEqualTo(200);
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("once.txt")));
    settle();
    assertThat(status(u)).isEqualTo(200);
    assertThat(status(v)).isEqualTo(200);
    assertThat(delivery.isInForce()).isFalse();
    settle();
    assertThat(unzipped("once.txt")).doesNotExist();
  }

  @Test
  void anUpdateBringsANewKeyAndPayload() throws Exception {
    deliver(zip("one.txt", "1"));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("one.txt")));
    deliver(zip("two.txt", "2"));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("two.txt")));
    assertThat(unzipped("one.txt")).doesNotExist();
  }

  @Test
  void manyWrongHalvesDoNotStandInTheWayOfTheRightOnes() throws Exception {
    for (int i = 0; i < 40; i++) {
      status(new Delivery().v());
    }
    Delivery delivery = new Delivery();
    status(delivery.v());
    status(delivery.u(Optional.empty()));
    assertThat(delivery.isInForce()).isTrue();
  }

  // Revocation

  private static byte[] revocationPayload(String action) throws Exception {
    Path file = Files.createTempFile("revocation", ".crt");
    try {
      KeyFiles.writeCertificate(
          file,
          SelfSigned.certificate(revocationKey, "RevocationNotifier", "127.0.0.1", Instant.now()));
      return zip(
          "RevocationNotifier-cert.crt",
          Files.readString(file),
          "action_list",
          "a.sh, b.sh\n",
          "a.sh",
          action,
          "b.sh",
          "#!/bin/sh\ntouch " + unzipped("second") + "\n");
    } finally {
      Files.delete(file);
    }
  }

  private static RevocationNotice notice() {
    return new RevocationNotice(
        RevocationNotice.Type.REVOCATION,
        ID,
        Optional.of("127.0.0.1"),
        Optional.of(9002),
        "{}",
        "{}",
        RevocationNotice.time(Instant.now()) + RANDOM.nextLong(),
        Optional.empty());
  }

  private static int status(SignedNotice notice) throws Exception {
    return agent.post("/v2.6/notifications/revocation", notice.toJson()).statusCode();
  }

  @Test
  void n82_aSignedMessageRunsTheActionsWithTheMessageAsFile() throws Exception {
    deliver(revocationPayload("#!/bin/sh\ncat $1 >> " + unzipped("seen") + "\n"));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("b.sh")));
    SignedNotice signed = SignedNotice.sign(notice(), revocationKey.getPrivate());
    assertThat(status(signed)).isEqualTo(200);
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("second")));
    assertThat(unzipped("seen")).hasContent(signed.msg());

    Files.delete(unzipped("second"));
    assertThat(status(signed)).isEqualTo(200);
    SignedNotice another = SignedNotice.sign(notice(), revocationKey.getPrivate());
    assertThat(status(another)).isEqualTo(200);
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("second")));
    assertThat(unzipped("seen"))
        .as("a replay runs nothing")
        .hasContent(signed.msg() + another.msg());
  }

  @Test
  void anActionThatFailsEndsTheList() throws Exception {
    deliver(revocationPayload("#!/bin/sh\ntouch " + unzipped("first") + "\nexit 1\n"));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("b.sh")));
    assertThat(status(SignedNotice.sign(notice(), revocationKey.getPrivate()))).isEqualTo(200);
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("first")));
    assertThat(status(SignedNotice.unsigned(notice()))).isEqualTo(200);
    assertThat(unzipped("second")).doesNotExist();
  }

  @Test
  void n81_aShorterSaltVerifiesNothing() throws Exception {
    deliver(revocationPayload("#!/bin/sh\ntouch " + unzipped("first") + "\n"));
    await().atMost(PATIENCE).until(() -> Files.exists(unzipped("b.sh")));
    String message = notice().message();
    Signature pss = Signature.getInstance("RSASSA-PSS");
    pss.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
    pss.initSign(revocationKey.getPrivate());
    pss.update(message.getBytes(UTF_8));
    assertThat(status(new SignedNotice(message, Optional.of(Bytes.of(pss.sign()))))).isEqualTo(200);
    assertThat(status(SignedNotice.unsigned(notice()))).isEqualTo(200);
    settle();
    assertThat(unzipped("first")).doesNotExist();
  }

  @Test
  void n83_aMessageNeedsItsSignatureMember() throws Exception {
    assertThat(agent.post("/v2.6/notifications/revocation", Map.of("msg", "{}")).statusCode())
        .isEqualTo(400);
  }
}
