package io.limestone.keylime;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/**
 * Known answers, computed by other means (pull-protocol.md section 10). V6, the credential blob, is
 * with the tpm module.
 */
class VectorsTest {
  private static final NodeId ID = NodeId.parse("d432fbb3-d2f1-4a97-9ef7-75bd81c00000");
  private static final BootstrapKey KEY =
      new BootstrapKey(
          Secret.of(
              Encoding.unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")));

  @Test
  void v1ActivationTag() {
    Challenge challenge = new Challenge(secret("0123456789abcdefghijABCDEFGHIJKL"));
    assertThat(challenge.authTag(ID))
        .isEqualTo(
            "ea1e6dc2d40f8c21ad4676dd5a16fdc1c0d2188b53a1de66492c88c7d2517273"
                + "6a9dd2c8c86e38d3305d0633f56d358e");
  }

  @Test
  void v2SplitAndTag() {
    Secret v = Secret.of(Encoding.unhex("aa".repeat(32)));
    Secret u =
        Secret.of(
            Encoding.unhex("aaaba8a9aeafacada2a3a0a1a6a7a4a5babbb8b9bebfbcbdb2b3b0b1b6b7b4b5"));
    assertThat(BootstrapKey.combine(u, v)).isEqualTo(KEY);
    assertThat(KEY.authTag(ID).hex())
        .isEqualTo(
            "74216909e21c5a1a5fb9e0ad23881f6f1693d01b5469c4d12dfe4ea151ab3334"
                + "690966790c8e3b4a358b1be3ca443e2d");
  }

  @Test
  void v3ProofOfTheDerivedKey() {
    String proof =
        "147b987ee43d0d8614abb10d6d6811a2793bbead2d6ada9ece65432e39c5c8a0"
            + "dc622844e11f332a4b0d8294063b101b";
    assertThat(KEY.proof("Challenge0123456789A")).isEqualTo(proof);
    assertThat(KEY.isProof(proof, "Challenge0123456789A")).isTrue();
    assertThat(KEY.isProof(proof, "Challenge0123456789B")).isFalse();
  }

  @Test
  void v4TransportKeyInPcr16() {
    assertThat(
            DataPcr.expected(
                HashAlg.SHA256, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"))
        .isEqualTo(Bytes.ofHex("ae9aad5aa96207386f120cfcf84767a1151efd41054bf52d0db101b7d77207c9"));
  }

  @Test
  void v5PayloadEnvelope() {
    Bytes envelope =
        Payload.seal(
            KEY, secret("hello keylime\n"), Encoding.unhex("101112131415161718191a1b1c1d1e1f"));
    assertThat(envelope.base64())
        .isEqualTo("EBESExQVFhcYGRobHB0eH+I/VgyIUVDKEmf3BNKq8jTt3UQ6ix9/YFdeEF30Hw==");
    assertThat(Payload.open(KEY, envelope)).isEqualTo(secret("hello keylime\n"));
  }

  @Test
  void v7QualifyingDataOfTheIdevid() {
    assertThat(HashAlg.SHA256.digest(Bytes.of(ID.value().getBytes(StandardCharsets.UTF_8))).hex())
        .isEqualTo("0fe154707df5b0a8fe70e946dc8688d93e52d613aeb377aae26b9deae345d3f4");
  }

  private static Secret secret(String ascii) {
    return Secret.of(ascii.getBytes(StandardCharsets.US_ASCII));
  }
}
