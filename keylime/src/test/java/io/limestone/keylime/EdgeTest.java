package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values from outside are refused at the edge unless they follow their grammar. */
class EdgeTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final JsonObject ENROLMENT =
      Recorded.first(e -> e.hop().equals("tenant->verifier") && e.method().equals("POST"))
          .sent()
          .orElseThrow();

  @ParameterizedTest
  @ValueSource(
      strings = {"a b", "a/b", "..", ".hidden", "a\nb", "a\u0000", "ä", "a\u202eb", "a%2f", "x;y"})
  void hostileNodeIdsAreRefused(String id) {
    assertThatThrownBy(() -> NodeId.parse(id))
        .isInstanceOf(MalformedException.class)
        .message()
        .doesNotContain(id);
  }

  @Test
  void nodeIdsAreBounded() {
    assertThat(NodeId.parse("x".repeat(80)).value()).hasSize(80);
    assertThatThrownBy(() -> NodeId.parse("x".repeat(81))).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> NodeId.parse("")).isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a+b=", "ab c", "é", "１"})
  void noncesAreAsciiLettersAndDigits(String nonce) {
    assertThatThrownBy(() -> new Nonce(nonce)).isInstanceOf(MalformedException.class);
  }

  @Test
  void noncesNeverRepeat() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      Nonce nonce = Nonce.random(RANDOM);
      assertThat(nonce.text()).hasSize(20);
      assertThat(seen.add(nonce.text())).isTrue();
    }
    assertThatThrownBy(() -> new Nonce("a".repeat(65))).isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @CsvSource({"0x408000, 4227072", "408000, 4227072", "0x0, 0", "0XFF, -1", "0xffffff, 16777215"})
  void masksAreHexWithOrWithoutPrefix(String text, int mask) {
    if (mask < 0) {
      assertThatThrownBy(() -> QuoteRequest.mask(text)).isInstanceOf(MalformedException.class);
    } else {
      assertThat(QuoteRequest.mask(text)).isEqualTo(mask);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0x", "0x1000000", "-1", "0x 1", "1ffffffff", "0xg"})
  void otherMasksAreRefused(String mask) {
    assertThatThrownBy(() -> QuoteRequest.mask(mask)).isInstanceOf(MalformedException.class);
  }

  @Test
  void integrityQueriesAreCheckedAsTheRustAgentDoes() {
    Map<String, String> query = new LinkedHashMap<>();
    query.put("nonce", "abc");
    query.put("mask", "0x400");
    assertThatThrownBy(() -> QuoteRequest.parse(query)).hasMessageContaining("Query deserialize");
    query.put("partial", "2");
    assertThatThrownBy(() -> QuoteRequest.parse(query)).isInstanceOf(MalformedException.class);
    query.put("partial", "1");
    assertThat(QuoteRequest.parse(query).firstImaEntry()).isZero();
    query.put("ima_ml_entry", "x");
    assertThat(QuoteRequest.parse(query).firstImaEntry()).isZero();
    query.put("ima_ml_entry", "17");
    assertThat(QuoteRequest.parse(query))
        .isEqualTo(new QuoteRequest(new Nonce("abc"), 0x400, true, 17));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "v2.6", "2.", "2.6.1", " 2.6", "2.6666", "two.six"})
  void otherVersionsAreRefused(String version) {
    assertThatThrownBy(() -> ApiVersion.parse(version)).isInstanceOf(MalformedException.class);
  }

  @Test
  void versionsAreNegotiatedBelowThree() {
    Versions agent =
        Versions.fromAgentJson(
            Json.object(
                """
                {"supported_version":"3.0","supported_versions":["2.3","2.4","3.0","next"]}"""));
    assertThat(ApiVersion.highestCommon(ApiVersion.SERVED, agent.supported()))
        .contains(new ApiVersion(2, 4));
    assertThat(ApiVersion.highestCommon(ApiVersion.SERVED, List.of(new ApiVersion(3, 0))))
        .isEmpty();
    assertThat(Versions.fromAgentJson(Json.object("{\"supported_version\":\"2.1\"}")).supported())
        .containsExactly(new ApiVersion(2, 1));
    assertThat(new ApiVersion(2, 4).namesKeySizes()).isFalse();
    assertThat(new ApiVersion(2, 10)).isGreaterThan(new ApiVersion(2, 6));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tpm_policy",
        "runtime_policy",
        "mb_policy",
        "mb_policy_name",
        "ima_sign_verification_keys",
        "metadata",
        "revocation_key",
        "accept_tpm_hash_algs",
        "accept_tpm_encryption_algs",
        "accept_tpm_signing_algs",
        "ak_tpm"
      })
  void anEnrolmentNeedsWhatTheTenantAlwaysSends(String name) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>(ENROLMENT.members());
    members.remove(name);
    assertThatThrownBy(() -> Enrolment.fromJson(new JsonObject(members)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining(name);
  }

  @Test
  void anEnrolmentKeepsItsSecretsToItself() {
    Enrolment enrolment = Enrolment.fromJson(ENROLMENT);
    assertThat(enrolment.toString()).doesNotContain(ENROLMENT.string("v"));
    Map<String, @Nullable Object> members = new LinkedHashMap<>(ENROLMENT.members());
    members.put("v", "AAAA");
    assertThatThrownBy(() -> Enrolment.fromJson(new JsonObject(members)))
        .isInstanceOf(MalformedException.class);
    members.put("v", null);
    assertThat(Enrolment.fromJson(new JsonObject(members)).v()).isEmpty();
  }

  @Test
  void aStatusHas25MembersAndNeverShowsV() {
    JsonObject recorded =
        Recorded.first(
                e ->
                    e.hop().equals("tenant->verifier")
                        && e.method().equals("GET")
                        && e.target().endsWith(Recorded.NODE.value()))
            .results();
    JsonObject written = AgentStatus.fromJson(recorded).toJson();
    assertThat(written.names()).hasSize(25).containsExactlyElementsOf(recorded.names());
    assertThat(recorded.optionalString("v")).isPresent();
    assertThat(written.members()).containsEntry("v", null);
  }

  @Test
  void keysAndTagsOfOtherSizesAreRefused() {
    for (int size : new int[] {0, 15, 24, 31, 33, 64}) {
      assertThatThrownBy(() -> new BootstrapKey(Secret.random(size, RANDOM)))
          .isInstanceOf(MalformedException.class);
    }
    Secret half = Secret.random(32, RANDOM);
    assertThatThrownBy(() -> BootstrapKey.combine(half, Secret.random(16, RANDOM)))
        .isInstanceOf(MalformedException.class);
    Bytes tag = Bytes.of(new byte[32]);
    assertThatThrownBy(() -> new KeyDelivery.U(Bytes.EMPTY, tag, java.util.Optional.empty()))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void aSplitKeyIsWholeAgainAndHalvesAreFresh() {
    try (BootstrapKey key = BootstrapKey.random(RANDOM)) {
      BootstrapKey.Halves first = key.split(RANDOM);
      BootstrapKey.Halves second = key.split(RANDOM);
      assertThat(BootstrapKey.combine(first.u(), first.v())).isEqualTo(key);
      assertThat(first.u()).isNotEqualTo(second.u());
      assertThat(first.v()).isNotEqualTo(second.v()).isNotEqualTo(key.k());
      assertThat(key.toString() + first)
          .doesNotContain(Encoding.hex(key.k().reveal()))
          .doesNotContain(Encoding.hex(first.v().reveal()));
    }
  }

  @Test
  void aPayloadOpensOnlyWholeAndUnderItsKey() {
    BootstrapKey key = BootstrapKey.random(RANDOM);
    Secret plaintext = Secret.random(1000, RANDOM);
    byte[] envelope = Payload.seal(key, plaintext, RANDOM).toArray();
    assertThat(Payload.open(key, Bytes.of(envelope))).isEqualTo(plaintext);
    assertThatThrownBy(() -> Payload.open(BootstrapKey.random(RANDOM), Bytes.of(envelope)))
        .isInstanceOf(MalformedException.class);
    for (int size : new int[] {0, 16, 31, 32, envelope.length - 1}) {
      Bytes cut = Bytes.of(java.util.Arrays.copyOf(envelope, size));
      assertThatThrownBy(() -> Payload.open(key, cut)).isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void transportKeysAreRsaOfSoundSize() throws GeneralSecurityException {
    KeyPair small = keyPair("RSA", 1024);
    KeyPair ec = keyPair("EC", 256);
    for (KeyPair refused : List.of(small, ec)) {
      String pem = pem(refused);
      assertThatThrownBy(() -> TransportKey.parse(pem)).isInstanceOf(MalformedException.class);
    }
    KeyPair good = keyPair("RSA", 2048);
    Secret half = Secret.random(32, RANDOM);
    Bytes wrapped = TransportKey.wrap(TransportKey.parse(pem(good)), half);
    assertThat(wrapped.size()).isEqualTo(256);
    assertThat(TransportKey.unwrap(good.getPrivate(), wrapped)).isEqualTo(half);
    assertThatThrownBy(() -> TransportKey.unwrap(good.getPrivate(), Bytes.of(new byte[256])))
        .isInstanceOf(MalformedException.class);
    Bytes wrongSize = TransportKey.wrap(TransportKey.parse(pem(good)), Secret.random(24, RANDOM));
    assertThatThrownBy(() -> TransportKey.unwrap(good.getPrivate(), wrongSize))
        .isInstanceOf(MalformedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "AAAA:AAAA:AAAA", "rAAAA:AAAA", "rAAAA:AAAA:AAAA:AAAA", "rA:A:A"})
  void otherQuoteTextsAreRefused(String text) {
    assertThatThrownBy(() -> QuoteText.parse(text)).isInstanceOf(MalformedException.class);
  }

  private static String pem(KeyPair pair) {
    return io.limestone.wire.Pem.text("PUBLIC KEY", Bytes.of(pair.getPublic().getEncoded()));
  }

  private static KeyPair keyPair(String kind, int size) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
    generator.initialize(size);
    return generator.generateKeyPair();
  }
}
