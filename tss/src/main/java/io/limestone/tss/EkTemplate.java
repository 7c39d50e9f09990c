package io.limestone.tss;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.util.Optional;

/**
 * The endorsement keys that a TPM can make (TCG EK Credential Profile 2.5, appendix B.4 and B.6),
 * each with the NV index of its certificate.
 */
public enum EkTemplate {
  RSA_2048(0x01C00002, HashAlg.SHA256, Tcg.ALG_RSA, 2048, "rsa2048"),
  ECC_P256(0x01C0000A, HashAlg.SHA256, Tcg.ALG_ECC, 0x0003, "ecc256"),
  ECC_P384(0x01C00016, HashAlg.SHA384, Tcg.ALG_ECC, 0x0004, "ecc384"),
  ECC_P521(0x01C00018, HashAlg.SHA512, Tcg.ALG_ECC, 0x0005, "ecc521"),
  RSA_3072(0x01C0001C, HashAlg.SHA384, Tcg.ALG_RSA, 3072, "rsa3072"),
  RSA_4096(0x01C0001E, HashAlg.SHA384, Tcg.ALG_RSA, 4096, "rsa4096");

  /** fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt. */
  private static final int LOW_RANGE = 0x000300B2;

  /** The same and userWithAuth. */
  private static final int HIGH_RANGE = 0x000300F2;

  private final int certificateIndex;
  private final HashAlg nameAlg;
  private final int type;
  private final int bitsOrCurve;
  private final String keylimeName;

  EkTemplate(int certificateIndex, HashAlg nameAlg, int type, int bitsOrCurve, String keylimeName) {
    this.certificateIndex = certificateIndex;
    this.nameAlg = nameAlg;
    this.type = type;
    this.bitsOrCurve = bitsOrCurve;
    this.keylimeName = keylimeName;
  }

  /** The template for a word of Keylime's option {@code tpm_encryption_alg}. */
  public static Optional<EkTemplate> named(String tpmEncryptionAlg) {
    String name =
        switch (tpmEncryptionAlg) {
          case "rsa" -> "rsa2048";
          case "ecc", "ecc_nist_p256" -> "ecc256";
          default -> tpmEncryptionAlg;
        };
    for (EkTemplate template : values()) {
      if (template.keylimeName.equals(name)) {
        return Optional.of(template);
      }
    }
    return Optional.empty();
  }

  public int certificateIndex() {
    return certificateIndex;
  }

  public boolean isRsa() {
    return type == Tcg.ALG_RSA;
  }

  /** RSA: bits of the modulus. ECC: TPM_ECC_CURVE. An AK has the same as its EK. */
  int bitsOrCurve() {
    return bitsOrCurve;
  }

  /** The word on the wire from API 2.5 on: {@code rsa2048}, {@code ecc256}. */
  public String keylimeName() {
    return keylimeName;
  }

  /** TPM2B_PUBLIC for TPM2_CreatePrimary in the endorsement hierarchy. */
  Bytes publicArea() {
    boolean low = nameAlg == HashAlg.SHA256;
    ByteWriter area =
        ByteWriter.bigEndian()
            .u16(type)
            .u16(nameAlg.id())
            .u32(low ? LOW_RANGE : HIGH_RANGE)
            .sized16(low ? EkPolicy.a(nameAlg) : EkPolicy.b(nameAlg))
            .u16(Tcg.ALG_AES)
            .u16(low ? 128 : 256)
            .u16(Tcg.ALG_CFB)
            .u16(Tcg.ALG_NULL)
            .u16(bitsOrCurve);
    if (isRsa()) {
      area.u32(0).sized16(Bytes.of(new byte[low ? 256 : 0]));
    } else {
      Bytes coordinate = Bytes.of(new byte[low ? 32 : 0]);
      area.u16(Tcg.ALG_NULL).sized16(coordinate).sized16(coordinate);
    }
    return Tcg.tpm2b(area.toBytes());
  }
}
