package io.limestone.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import org.junit.jupiter.api.Test;

/** Public areas that no TPM has, or that prove nothing, are refused with their reason. */
class PublicAreaTest {
  private static final TpmtPublic RSA = vector("rsassa-sha256").ak();
  private static final TpmtPublic ECC = vector("ecdsa256-sha256").ak();

  private static TestData.Vector vector(String name) {
    return TestData.vectors().stream().filter(v -> v.name().equals(name)).findFirst().orElseThrow();
  }

  private static TpmtPublic with(TpmtPublic area, PublicKeyArea key) {
    return new TpmtPublic(
        area.nameAlg(), area.attributes(), area.authPolicy(), area.aesBits(), area.scheme(), key);
  }

  private static void refused(TpmtPublic area, String why) {
    assertThatThrownBy(() -> TpmtPublic.parse(area.toTpmt()))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining(why);
  }

  @Test
  void rsaKeysOfOtherSizesOrExponents() {
    PublicKeyArea.Rsa key = (PublicKeyArea.Rsa) RSA.key();
    Bytes half = key.modulus().slice(0, 128);
    refused(with(RSA, new PublicKeyArea.Rsa(1024, 0, half)), "1024 bits");
    refused(with(RSA, new PublicKeyArea.Rsa(16384, 0, key.modulus())), "16384 bits");
    refused(with(RSA, new PublicKeyArea.Rsa(2048, 0, half)), "modulus");
    refused(with(RSA, new PublicKeyArea.Rsa(2048, 1, key.modulus())), "exponent");
    refused(with(RSA, new PublicKeyArea.Rsa(2048, 3, key.modulus())), "exponent");
    refused(with(RSA, new PublicKeyArea.Rsa(2048, 0, Bytes.of(new byte[256]))), "modulus");
    assertThat(
            TpmtPublic.parse(with(RSA, new PublicKeyArea.Rsa(2048, 65537, key.modulus())).toTpmt()))
        .isNotEqualTo(RSA);
  }

  @Test
  void pointsThatAreNotOnTheCurve() {
    PublicKeyArea.Ecc key = (PublicKeyArea.Ecc) ECC.key();
    Bytes p = Bytes.ofHex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    refused(with(ECC, new PublicKeyArea.Ecc(key.curve(), key.y(), key.x())), "not on");
    refused(with(ECC, new PublicKeyArea.Ecc(key.curve(), p, key.y())), "prime");
    refused(with(ECC, new PublicKeyArea.Ecc(key.curve(), Bytes.EMPTY, Bytes.EMPTY)), "0 bytes");
    refused(with(ECC, new PublicKeyArea.Ecc(EccCurve.P384, key.x(), key.y())), "not on");
  }

  @Test
  void reservedAttributeBits() {
    TpmtPublic area =
        new TpmtPublic(
            RSA.nameAlg(),
            RSA.attributes() | 1,
            RSA.authPolicy(),
            RSA.aesBits(),
            RSA.scheme(),
            RSA.key());
    refused(area, "reserved");
  }

  @Test
  void anEccSchemeOnAnRsaKey() {
    TpmtPublic area =
        new TpmtPublic(
            RSA.nameAlg(),
            RSA.attributes(),
            RSA.authPolicy(),
            RSA.aesBits(),
            ECC.scheme(),
            RSA.key());
    refused(area, "no scheme of this kind");
  }

  @Test
  void kindsOfKeysAndHashesThatAreNotSupported() {
    byte[] symmetric = RSA.toTpmt().toArray();
    symmetric[1] = 0x25;
    assertThatThrownBy(() -> TpmtPublic.parse(Bytes.of(symmetric)))
        .hasMessageContaining("neither RSA nor ECC");
    byte[] sha3 = RSA.toTpmt().toArray();
    sha3[3] = 0x27;
    assertThatThrownBy(() -> TpmtPublic.parse(Bytes.of(sha3)))
        .isInstanceOf(MalformedException.class);
  }
}
