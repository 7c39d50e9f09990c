package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the registrar's reader takes from real peers, and what it does not take. */
class RegistrationTest {
  private static final JsonObject RECORDED =
      Recorded.first("POST", "/agents/").sent().orElseThrow();
  private static final Bytes CERTIFICATE = Registration.fromJson(RECORDED).ekChain().getFirst();

  @Test
  void absentMembersComeInSeveralForms() {
    assertThat(read("ekcert", "").ekChain()).isEmpty();
    assertThat(read("ekcert", null).ekChain()).isEmpty();
    assertThat(read("iak_cert", null).iakCert()).isEmpty();
    assertThat(read("iak_tpm", "").iakTpm()).isEmpty();
    assertThat(Registration.fromJson(new JsonObject(Map.of())).namesIdentity()).isFalse();
    assertThat(Registration.fromJson(new JsonObject(Map.of("ip", "::1"))).namesIdentity())
        .isFalse();
  }

  @Test
  void certificatesComeAsPemChainOrBase64() {
    String pem = Pem.text(Pem.CERTIFICATE, CERTIFICATE);
    assertThat(read("ekcert", pem + pem).ekChain()).containsExactly(CERTIFICATE, CERTIFICATE);
    assertThat(read("ekcert", CERTIFICATE.base64()).ekChain()).containsExactly(CERTIFICATE);
    assertThat(read("ekcert", pem.replace("\n", "\r\n")).ekChain()).containsExactly(CERTIFICATE);
    assertThatThrownBy(() -> read("ekcert", pem.repeat(9))).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> read("ekcert", "subject: x\n" + pem))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> read("ekcert", pem.replace("CERTIFICATE", "PRIVATE KEY")))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> read("ekcert", pem.substring(0, 400)))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void paddingBehindACertificateIsKept() {
    byte[] padded = Arrays.copyOf(CERTIFICATE.toArray(), CERTIFICATE.size() + 100);
    Arrays.fill(padded, CERTIFICATE.size(), padded.length, (byte) 0xff);
    assertThat(read("ekcert", Encoding.base64(padded)).ekChain()).containsExactly(Bytes.of(padded));
  }

  @Test
  void binaryMembersMayBeHex() {
    Bytes ak = Registration.fromJson(RECORDED).akTpm().orElseThrow();
    assertThat(read("aik_tpm", "0x" + ak.hex()).akTpm()).contains(ak);
    assertThat(read("aik_tpm", "00112233").akTpm().orElseThrow().base64()).isEqualTo("00112233");
    assertThatThrownBy(() -> read("aik_tpm", ak.base64() + "\n"))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("aik_tpm");
  }

  @Test
  void portsMayBeDigits() {
    assertThat(read("port", "9002").port()).contains(9002);
    assertThat(read("port", 9002L).port()).contains(9002);
    assertThat(read("port", "").port()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "65536", "99999999999", "-1", "9002 ", "0x50", "９００２", "+80"})
  void otherPortsAreRefused(String port) {
    assertThatThrownBy(() -> read("port", port)).isInstanceOf(MalformedException.class);
  }

  @Test
  void tlsMayBeDisabledInAnyCase() {
    assertThat(read("mtls_cert", "DISABLED").mtlsCert()).contains(new AgentTls.Disabled());
    assertThat(read("mtls_cert", CERTIFICATE.base64()).mtlsCert())
        .contains(new AgentTls.Pinned(CERTIFICATE));
    assertThatThrownBy(() -> read("mtls_cert", "hello")).isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> read("mtls_cert", "aGVsbG8=")).isInstanceOf(MalformedException.class);
  }

  private static Registration read(String name, @Nullable Object value) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>(RECORDED.members());
    members.put(name, value);
    return Registration.fromJson(new JsonObject(members));
  }
}
