package io.limestone.tss;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
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
    RSASSA(Tcg.ALG_RSASSA, true),
    RSAPSS(Tcg.ALG_RSAPSS, true),
    ECDSA(Tcg.ALG_ECDSA, false);

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
    ByteWriter area =
        ByteWriter.bigEndian()
            .u16(ek.isRsa() ? Tcg.ALG_RSA : Tcg.ALG_ECC)
            .u16(hash.id())
            .u32(ATTRIBUTES)
            .sized16(Bytes.EMPTY)
            .u16(Tcg.ALG_NULL)
            .u16(scheme.id)
            .u16(hash.id())
            .u16(ek.bitsOrCurve());
    if (ek.isRsa()) {
      area.u32(0).sized16(Bytes.EMPTY);
    } else {
      area.u16(Tcg.ALG_NULL).sized16(Bytes.EMPTY).sized16(Bytes.EMPTY);
    }
    return Tcg.tpm2b(area.toBytes());
  }
}
