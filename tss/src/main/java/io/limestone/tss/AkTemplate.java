package io.limestone.tss;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.Locale;
import java.util.Optional;

/**
 * The attestation key to make: of the kind and size of its EK, with a fixed signing scheme.
 *
 * @param ek decides key kind and size
 * @param hash name algorithm and hash of the scheme
 */
public record AkTemplate(EkTemplate ek, HashAlg hash, Scheme scheme) {
  /** restricted, sign, userWithAuth, fixedTPM, fixedParent, sensitiveDataOrigin. */
  private static final int ATTRIBUTES = 0x00050072;

  /** Signing schemes by their TPM_ALG_ID. */
  public enum Scheme {
    RSASSA(0x0014, true),
    RSAPSS(0x0016, true),
    ECDSA(0x0018, false);

    final int id;
    private final boolean rsa;

    Scheme(int id, boolean rsa) {
      this.id = id;
      this.rsa = rsa;
    }

    /** The scheme for a word of Keylime's option {@code tpm_signing_alg}. */
    public static Optional<Scheme> named(String tpmSigningAlg) {
      for (Scheme scheme : values()) {
        if (scheme.keylimeName().equals(tpmSigningAlg)) {
          return Optional.of(scheme);
        }
      }
      return Optional.empty();
    }

    public String keylimeName() {
      return name().toLowerCase(Locale.ROOT);
    }

    public boolean fits(EkTemplate ek) {
      return rsa == ek.isRsa();
    }
  }

  public AkTemplate {
    if (!scheme.fits(ek)) {
      throw new IllegalArgumentException(
          "tpm_signing_alg " + scheme.keylimeName() + " does not fit a key of " + ek.keylimeName());
    }
  }

  Bytes publicArea() {
    Wire area =
        new Wire()
            .u16(ek.isRsa() ? Wire.ALG_RSA : Wire.ALG_ECC)
            .u16(hash.id())
            .u32(ATTRIBUTES)
            .sized(Bytes.EMPTY)
            .u16(Wire.ALG_NULL)
            .u16(scheme.id)
            .u16(hash.id())
            .u16(ek.bitsOrCurve());
    if (ek.isRsa()) {
      area.u32(0).sized(Bytes.EMPTY);
    } else {
      area.u16(Wire.ALG_NULL).sized(Bytes.EMPTY).sized(Bytes.EMPTY);
    }
    return Wire.tpm2b(area.bytes());
  }
}
