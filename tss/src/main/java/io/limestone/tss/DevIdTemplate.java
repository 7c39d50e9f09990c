package io.limestone.tss;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * The templates of initial device identity and attestation keys, made in the endorsement hierarchy
 * (TCG, TPM 2.0 Keys for Device Identity and Attestation 1.0, section 7.3.4). A primary key is a
 * function of its template, so these must agree with the manufacturer's bit by bit.
 *
 * @param hash name algorithm, scheme hash and the choice of the policy
 * @param bitsOrCurve bits of the modulus, or TPM_ECC_CURVE
 */
public record DevIdTemplate(boolean rsa, HashAlg hash, int bitsOrCurve) {
  private static final int IDEVID_ATTRIBUTES = 0x000400F2;
  private static final int IAK_ATTRIBUTES = 0x000500F2;

  /** The template for a word of Keylime's option {@code iak_idevid_template}: H-1 to H-4. */
  public static Optional<DevIdTemplate> named(String template) {
    return switch (template.toUpperCase(Locale.ROOT)) {
      case "H-1" -> Optional.of(new DevIdTemplate(true, HashAlg.SHA256, 2048));
      case "H-2" -> Optional.of(new DevIdTemplate(false, HashAlg.SHA256, 0x0003));
      case "H-3" -> Optional.of(new DevIdTemplate(false, HashAlg.SHA384, 0x0004));
      case "H-4" -> Optional.of(new DevIdTemplate(false, HashAlg.SHA512, 0x0005));
      default -> Optional.empty();
    };
  }

  /** TPM2B_PUBLIC of the signing identity (IDevID). */
  public Bytes idevid() {
    return area("IDEVID", IDEVID_ATTRIBUTES, idevidPolicy(), rsa ? Tcg.ALG_NULL : Tcg.ALG_ECDSA);
  }

  /** TPM2B_PUBLIC of the restricted attestation key (IAK). */
  public Bytes iak() {
    return area("IAK", IAK_ATTRIBUTES, iakPolicy(), rsa ? Tcg.ALG_RSAPSS : Tcg.ALG_ECDSA);
  }

  private Bytes area(String unique, int attributes, Bytes policy, int scheme) {
    ByteWriter area =
        ByteWriter.bigEndian()
            .u16(rsa ? Tcg.ALG_RSA : Tcg.ALG_ECC)
            .u16(hash.id())
            .u32(attributes)
            .sized16(policy)
            .u16(Tcg.ALG_NULL)
            .u16(scheme);
    if (scheme != Tcg.ALG_NULL) {
      area.u16(hash.id());
    }
    area.u16(bitsOrCurve);
    Bytes name = Bytes.of(unique.getBytes(StandardCharsets.US_ASCII));
    if (rsa) {
      area.u32(0).sized16(name);
    } else {
      area.u16(Tcg.ALG_NULL).sized16(name).sized16(name);
    }
    return Tcg.tpm2b(area.toBytes());
  }

  private Bytes idevidPolicy() {
    return Bytes.ofHex(
        switch (hash) {
          case SHA256 -> "ad6b3a2284fd698a0710bf5cc1b9bdf15e2532e3f601fa4b93a6a8fa8de579ea";
          case SHA384 ->
              "4db1aa836d0b5615df6ee53a40ef70c61c217f4303d44695925972bc927006cf"
                  + "a5cbdf6dc18c4dbe329b2f1542c3dd33";
          case SHA512 ->
              "7dd7500fd6c1b94f97a6af910da147301ef28f662fee06f225a4ccadda3b4e6b"
                  + "38e66b2f3ad5dee1a0503cd2daedb1e68cfe4f84b03a8cd22bb6a976f071a72f";
          case SHA1, SM3_256 -> throw noPolicy();
        });
  }

  private Bytes iakPolicy() {
    return Bytes.ofHex(
        switch (hash) {
          case SHA256 -> "5437182326e414fca797d5f174615a1641f61255797c3a2b22c21d120b2d1e07";
          case SHA384 ->
              "129d94ebf84556652c6eef43bbb757512ac87e52be7b349ca6ce4d826f749fcf"
                  + "672f51716c5cbb605f313bf345aab312";
          case SHA512 ->
              "8060d1fb31716a29e48a6e5fece088bcfc1b278fc162255e81c3eca3544cd44a"
                  + "f94410c3715d561cccd9e39a6cb2646d43535bb54ea88710deb5f7836bd9b586";
          case SHA1, SM3_256 -> throw noPolicy();
        });
  }

  private IllegalArgumentException noPolicy() {
    return new IllegalArgumentException("no device identity policy for " + hash);
  }
}
