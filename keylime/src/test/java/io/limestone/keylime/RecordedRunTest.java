package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The secrets, tags and signatures of the recorded run hold together for us too. */
class RecordedRunTest {
  private static final RegisteredAgent AGENT =
      RegisteredAgent.fromJson(
          Recorded.first(
                  e ->
                      e.hop().equals("tenant->registrar")
                          && e.target().endsWith(Recorded.NODE.value()))
              .results());
  private static final TpmtPublic AK = TpmtPublic.parse2b(AGENT.akTpm());
  private static final String TRANSPORT_PEM =
      Recorded.first("GET", "/quotes/identity").results().string("pubkey");

  static Stream<Recorded.Exchange> quotes() {
    return Recorded.EXCHANGES.stream().filter(e -> e.target().contains("/quotes/"));
  }

  @ParameterizedTest
  @MethodSource("quotes")
  void everyRecordedQuoteVerifies(Recorded.Exchange exchange) {
    boolean identity = exchange.target().contains("identity");
    SignedQuote quote = QuoteReply.fromJson(exchange.results()).quote();
    var asked = new PcrSelection(HashAlg.SHA256, identity ? 1 << 16 : 0x1ffff);

    var result = QuoteVerifier.verify(quote, AK, nonce(exchange).bytes(), asked);

    assertThat(result).isInstanceOf(QuoteVerifier.Verified.class);
    assertThat(((QuoteVerifier.Verified) result).pcrs().get(16))
        .contains(DataPcr.expected(HashAlg.SHA256, TRANSPORT_PEM));
  }

  @ParameterizedTest
  @MethodSource("quotes")
  void everyRecordedQuoteIsWrittenAsTheSameText(Recorded.Exchange exchange) {
    String text = exchange.results().string("quote");
    assertThat(QuoteText.of(QuoteText.parse(text))).isEqualTo(text);
  }

  @Test
  void theAgentAnsweredItsChallenge() {
    JsonObject row =
        (JsonObject)
            Recorded.ARTIFACTS.object("database_rows_after_enrolment").list("registrar").getFirst();
    Challenge challenge = new Challenge(Secret.of(Encoding.unbase64(row.string("key"))));
    String tag =
        Activation.fromJson(Recorded.first("PUT", "/agents/").sent().orElseThrow()).authTag();

    assertThat(challenge.answeredBy(tag, Recorded.NODE)).isTrue();
    assertThat(challenge.answeredBy(tag, NodeId.parse("another"))).isFalse();
    assertThat(challenge.answeredBy(tag.toUpperCase(java.util.Locale.ROOT), Recorded.NODE))
        .isFalse();
    assertThat(challenge.answeredBy("", Recorded.NODE)).isFalse();
  }

  @Test
  void halvesSentToTheAgentGiveTheKeyThatOpensThePayload() throws GeneralSecurityException {
    PrivateKey transport =
        KeyFactory.getInstance("RSA")
            .generatePrivate(
                new PKCS8EncodedKeySpec(
                    Encoding.unbase64(
                        Recorded.ARTIFACTS.string("agent_payload_private_key_pkcs8_base64"))));
    var u = KeyDelivery.U.fromJson(Recorded.first("POST", "/keys/ukey").sent().orElseThrow());
    var v = KeyDelivery.V.fromJson(Recorded.first("POST", "/keys/vkey").sent().orElseThrow());
    Enrolment enrolment =
        Enrolment.fromJson(
            Recorded.first(e -> e.hop().equals("tenant->verifier") && e.method().equals("POST"))
                .sent()
                .orElseThrow());

    Secret vHalf = TransportKey.unwrap(transport, v.encryptedKey());
    assertThat(enrolment.v()).contains(vHalf);
    BootstrapKey key =
        BootstrapKey.combine(TransportKey.unwrap(transport, u.encryptedKey()), vHalf);

    assertThat(key.k().reveal())
        .isEqualTo(Encoding.unbase64(Recorded.ARTIFACTS.string("payload_key_K_base64")));
    assertThat(key.hasTag(u.authTag(), Recorded.NODE)).isTrue();
    assertThat(key.hasTag(u.authTag(), NodeId.parse("another"))).isFalse();
    assertThat(Payload.open(key, u.payload().orElseThrow()).reveal())
        .isEqualTo(Recorded.ARTIFACTS.string("payload_plaintext").getBytes(StandardCharsets.UTF_8));

    Recorded.Exchange verify =
        Recorded.first(e -> e.target().contains("keys/verify") && !e.results().members().isEmpty());
    String challenge = verify.target().substring(verify.target().indexOf('=') + 1);
    assertThat(key.isProof(verify.results().string("hmac"), challenge)).isTrue();

    byte[] flipped = u.payload().orElseThrow().toArray();
    flipped[20] ^= 1;
    assertThatThrownBy(() -> Payload.open(key, Bytes.of(flipped)))
        .isInstanceOf(MalformedException.class);
  }

  private static Nonce nonce(Recorded.Exchange exchange) {
    String target = exchange.target();
    int at = target.indexOf("nonce=") + 6;
    int end = target.indexOf('&', at);
    return new Nonce(target.substring(at, end < 0 ? target.length() : end));
  }
}
