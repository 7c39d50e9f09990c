package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RevocationTest {
  private static final RevocationNotice NOTICE =
      new RevocationNotice(
          RevocationNotice.Type.REVOCATION,
          NodeId.parse("node-1"),
          Optional.of("192.0.2.7"),
          Optional.of(9002),
          "{\"mask\": \"0x400\"}",
          "{}",
          RevocationNotice.time(Instant.parse("2026-01-05T10:00:00Z")),
          Optional.of(
              new RevocationNotice.Event("pcr_validation.invalid_pcr_15", "emergency", "{}")));

  @Test
  void timesAreInAsctimeForm() {
    assertThat(NOTICE.eventTime()).isEqualTo("Mon Jan  5 10:00:00 2026");
    assertThat(RevocationNotice.time(Instant.parse("2026-11-23T07:16:39Z")))
        .isEqualTo("Mon Nov 23 07:16:39 2026");
  }

  @Test
  void aSignatureByOpensslVerifiesOnlyWithTheLongestSalt() {
    JsonObject vector = Json.object(Recorded.file("wire/revocation-openssl.json"));
    PublicKey key = TransportKey.parse(vector.string("public_key"));
    assertThat(notice(vector, "longest_salt").verifies(key)).isTrue();
    assertThat(notice(vector, "salt_32").verifies(key)).isFalse();
  }

  @Test
  void onlyTheSignedTextUnderTheSigningKeyVerifies() throws GeneralSecurityException {
    KeyPair key = keyPair("RSA", 2048);
    SignedNotice signed = SignedNotice.sign(NOTICE, key.getPrivate());
    assertThat(signed.verifies(key.getPublic())).isTrue();
    assertThat(SignedNotice.fromJson(Json.object(Json.bytes(signed.toJson())))).isEqualTo(signed);
    assertThat(RevocationNotice.parse(signed.msg())).isEqualTo(NOTICE);

    assertThat(signed.verifies(keyPair("RSA", 2048).getPublic())).isFalse();
    assertThat(signed.verifies(keyPair("RSA", 3072).getPublic())).isFalse();
    assertThat(signed.verifies(keyPair("EC", 256).getPublic())).isFalse();
    String respaced = signed.msg().replace(":", ": ");
    assertThat(new SignedNotice(respaced, signed.signature()).verifies(key.getPublic())).isFalse();
    assertThat(
            new SignedNotice(signed.msg(), Optional.of(Bytes.of(new byte[256])))
                .verifies(key.getPublic()))
        .isFalse();
    assertThat(new SignedNotice(signed.msg(), Optional.of(Bytes.EMPTY)).verifies(key.getPublic()))
        .isFalse();
    assertThat(SignedNotice.unsigned(NOTICE).verifies(key.getPublic())).isFalse();
  }

  @Test
  void bothMembersAreNeeded() {
    assertThatThrownBy(() -> SignedNotice.fromJson(new JsonObject(Map.of("msg", "{}"))))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> SignedNotice.fromJson(new JsonObject(Map.of("signature", ""))))
        .isInstanceOf(MalformedException.class);
  }

  private static SignedNotice notice(JsonObject vector, String signature) {
    return new SignedNotice(
        vector.string("msg"), Optional.of(Bytes.ofBase64(vector.string(signature))));
  }

  private static KeyPair keyPair(String kind, int size) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    generator.initialize(size);
    return generator.generateKeyPair();
  }
}
