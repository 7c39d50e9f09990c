package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignedPolicyTest {
  private static final String FOLDER = "runtime-policy/dsse/";

  @TestFactory
  Stream<DynamicTest> attack42_aTamperedOrWronglySignedPolicyIsRefused() {
    return TestData.rows(FOLDER + "results.json")
        .filter(row -> row.members().get("require_signature") != null)
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.string("file")
                        + " "
                        + row.optionalString("key")
                        + " "
                        + row.bool("require_signature"),
                    () -> upload(row)));
  }

  private static void upload(JsonObject row) {
    Bytes text = TestData.read(FOLDER + row.string("file"));
    Optional<String> keyName = row.optionalString("key");
    Optional<Bytes> key = keyName.map(name -> TestData.read(FOLDER + name + ".pub.pem"));
    boolean required = row.bool("require_signature");
    String expected = expected(row, keyName, required);
    if (expected.equals("accept")) {
      assertThatCode(() -> RuntimePolicy.ofUpload(text, key, required)).doesNotThrowAnyException();
    } else {
      int status = Integer.parseInt(expected.substring(7, 10));
      assertThatThrownBy(() -> RuntimePolicy.ofUpload(text, key, required))
          .isInstanceOfSatisfying(
              PolicyRefusedException.class, e -> assertThat(e.status()).isEqualTo(status))
          .hasMessageContaining(expected.substring(12));
    }
  }

  /** What Keylime answers, except where a key is given: then the signature counts. */
  private static String expected(JsonObject row, Optional<String> key, boolean required) {
    String file = row.string("file");
    String reference = row.string("reference");
    boolean envelope = SignedOrNot.isEnvelope(file);
    if (reference.startsWith("exception")) {
      return "reject 400: Only elliptic curve keys are supported";
    }
    if (envelope && key.isPresent() && !required) {
      boolean genuine =
          key.get().equals("k1")
              && !List.of("tampered-payload.json", "no-signatures.json", "bad-b64.json")
                  .contains(file);
      if (key.get().equals("rsa")) {
        return "reject 400: Only elliptic curve keys are supported";
      }
      return genuine ? "accept" : "reject 401: Runtime policy failed DSSE signature verification!";
    }
    if (envelope && key.equals(Optional.of("rsa"))) {
      return "reject 400: Only elliptic curve keys are supported";
    }
    if (file.equals("plain-bad-exclude-singular.json") && !required) {
      return "reject 400: exclude";
    }
    if (file.equals("plain-bad-exclude.json") && !required) {
      return "reject 400: excludes[0]"; // Keylime takes it, and then ignores all excludes
    }
    if (reference.startsWith("reject")) {
      return reference;
    }
    return "accept";
  }

  private static final class SignedOrNot {
    static boolean isEnvelope(String file) {
      return !List.of(
              "unsigned-policy.json",
              "not-json.json",
              "plain-bad-exclude.json",
              "plain-bad-exclude-singular.json")
          .contains(file);
    }
  }

  @Test
  void keylimesOwnSignedPolicyVerifiesAndTheBadOneDoesNot() {
    Bytes key = TestData.read("runtime-policy/runtime-policy-pubkey.pub");
    Bytes good = TestData.read("runtime-policy/runtime-policy-test-signed.json");
    Bytes bad = TestData.read("runtime-policy/runtime-policy-test-signed-bad.json");
    assertThat(SignedPolicy.parse(good).isSignedBy(PolicyKey.parse(key))).isTrue();
    assertThat(SignedPolicy.parse(bad).isSignedBy(PolicyKey.parse(key))).isFalse();
  }

  @Test
  void whatIsSignedIsThePreAuthenticationEncodingOfDsse() {
    SignedPolicy policy =
        new SignedPolicy(bytes("hello world"), "http://example.com/HelloWorld", List.of());
    assertThat(new String(policy.preAuthentication().toArray(), StandardCharsets.UTF_8))
        .isEqualTo("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  }

  @ParameterizedTest
  @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
  void whatTheSignerSignsIsVerifiedByItsKeyOrItsCertificate(String curve)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    KeyPair key = generator.generateKeyPair();
    ECPublicKey publicKey = (ECPublicKey) key.getPublic();
    Bytes policy =
        SignedPolicy.parse(TestData.read("runtime-policy/dsse/ecdsa-p256.json")).payload();
    Bytes certificate =
        PolicySigner.certificate(
            key.getPrivate(), publicKey, Instant.ofEpochSecond(1_700_000_000), BigInteger.TWO);
    SignedPolicy byKey = PolicySigner.ofKey(key.getPrivate(), publicKey).sign(policy);
    SignedPolicy byCertificate =
        PolicySigner.ofCertificate(key.getPrivate(), certificate).sign(policy);
    for (SignedPolicy signed : List.of(byKey, byCertificate)) {
      SignedPolicy read = SignedPolicy.parse(signed.toJson());
      assertThat(read.payload()).isEqualTo(policy);
      assertThat(read.isSignedBy(publicKey)).isTrue();
      assertThat(read.isSignedBy(PolicyKey.parse(certificate))).isTrue();
    }
    assertThat(byKey.signatures().getFirst().keyId().orElseThrow()).matches("[0-9a-f]{64}");
    assertThat(byCertificate.signatures().getFirst().keyId()).contains(certificate.base64());
  }

  /** Keylime's own tool names this key so. */
  @Test
  void theKeyIdIsTheHashOfTheKeysPem() {
    SignedPolicy signed = SignedPolicy.parse(TestData.read("runtime-policy/dsse/ecdsa-p256.json"));
    ECPublicKey key =
        (ECPublicKey) PolicyKey.parse(TestData.read("runtime-policy/dsse/k1.pub.pem"));
    assertThat(signed.signatures().getFirst().keyId()).contains(PolicySigner.keyId(key));
  }

  @Test
  void onlyARuntimePolicyIsSigned() throws GeneralSecurityException {
    KeyPair key = KeyPairGenerator.getInstance("EC").generateKeyPair();
    PolicySigner signer = PolicySigner.ofKey(key.getPrivate(), (ECPublicKey) key.getPublic());
    assertThatThrownBy(() -> signer.sign(bytes("{}"))).isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"secp256r1", "secp384r1", "secp521r1"})
  void aSignatureOfEachCurveVerifiesAndNoOtherPayloadDoes(String curve)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    KeyPair key = generator.generateKeyPair();
    SignedPolicy unsigned = new SignedPolicy(bytes("{}"), SignedPolicy.PAYLOAD_TYPE, List.of());
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(key.getPrivate());
    signer.update(unsigned.preAuthentication().toArray());
    List<SignedPolicy.Signed> signatures =
        List.of(new SignedPolicy.Signed(Optional.empty(), Bytes.of(signer.sign())));
    SignedPolicy signed = new SignedPolicy(unsigned.payload(), unsigned.payloadType(), signatures);
    assertThat(SignedPolicy.parse(signed.toJson()).isSignedBy(key.getPublic())).isTrue();
    assertThat(
            new SignedPolicy(bytes("{ }"), signed.payloadType(), signatures)
                .isSignedBy(key.getPublic()))
        .isFalse();
    assertThat(
            new SignedPolicy(signed.payload(), "text/plain", signatures)
                .isSignedBy(key.getPublic()))
        .isFalse();
  }

  /** The key may sign other things, too, that could be read as a policy. */
  @Test
  void whatTheKeySignedAsSomethingElseIsNoPolicy() throws GeneralSecurityException {
    KeyPair key = KeyPairGenerator.getInstance("EC").generateKeyPair();
    SignedPolicy unsigned = new SignedPolicy(bytes("{}"), "application/json", List.of());
    Signature signer = Signature.getInstance("SHA256withECDSA");
    signer.initSign(key.getPrivate());
    signer.update(unsigned.preAuthentication().toArray());
    Bytes signature = Bytes.of(signer.sign());
    SignedPolicy signed =
        new SignedPolicy(
            unsigned.payload(),
            unsigned.payloadType(),
            List.of(new SignedPolicy.Signed(Optional.empty(), signature)));
    assertThat(signed.isSignedBy(key.getPublic())).isFalse();
  }

  @Test
  void aPayloadThatLooksLikeHexIsStillBase64() {
    String text = "{\"payload\":\"abcd\",\"payloadType\":\"t\",\"signatures\":[]}";
    assertThat(SignedPolicy.parse(bytes(text)).payload()).isEqualTo(Bytes.ofBase64("abcd"));
  }

  private static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
