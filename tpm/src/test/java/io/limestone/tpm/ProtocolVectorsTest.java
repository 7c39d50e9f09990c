package io.limestone.tpm;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Vectors computed from the wire protocol's description. */
class ProtocolVectorsTest {
  @Test
  void theTransportKeyIsBoundByItsExactPemText() {
    String pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assertThat(HashAlg.SHA256.digest(ascii(pem)))
        .isEqualTo(Bytes.ofHex("f61b347fbb8e6469f294c1faa146d37688e5c1c8a6b1b25653ee85ad10b7447a"));
    assertThat(DataPcr.expected(HashAlg.SHA256, pem))
        .isEqualTo(Bytes.ofHex("ae9aad5aa96207386f120cfcf84767a1151efd41054bf52d0db101b7d77207c9"));
    assertThat(DataPcr.expected(HashAlg.SHA256, pem.replace("\n", "\r\n")))
        .isNotEqualTo(DataPcr.expected(HashAlg.SHA256, pem));
  }

  @Test
  void aCredentialIsProtectedUnderSeedAndName() {
    byte[] seed = "\u0011".repeat(32).getBytes(StandardCharsets.US_ASCII);
    Bytes name = Bytes.ofHex("000b" + "22".repeat(32));
    CredentialProtection protection =
        CredentialProtection.of(HashAlg.SHA256, Secret.of(seed), name, 128);
    assertThat(protection.symKey())
        .isEqualTo(Secret.of(Bytes.ofHex("d794d27d9565f7da79db163f3bb34479").toArray()));
    assertThat(protection.hmacKey())
        .isEqualTo(
            Secret.of(
                Bytes.ofHex("94789f5bdf2e06996955def207b39ac5450e89e24dd1474bd9efc38901e2fd81")
                    .toArray()));
    Secret challenge = Secret.of(ascii("0123456789abcdefghijABCDEFGHIJKL").toArray());
    Bytes idObject = protection.seal(challenge);
    assertThat(idObject)
        .isEqualTo(
            Bytes.ofHex(
                "0020"
                    + "d54fc7b8bdde642a57b43c26a9b45f2bf6b64af8150bf18c24ad98eaa93ea3e1"
                    + "b28bab23a1b5db0771d485e4c2a3b90030e3320cf8304a33356f9d603a0845da163e"));
    assertThat(protection.open(idObject)).isEqualTo(challenge);
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }
}
