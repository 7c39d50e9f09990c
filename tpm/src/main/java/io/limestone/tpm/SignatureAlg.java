package io.limestone.tpm;

import io.limestone.wire.MalformedException;
import java.util.Locale;

/** TPMI_ALG_SIG_SCHEME: the signature schemes that Limestone verifies. */
public enum SignatureAlg {
  RSASSA(0x0014),
  RSAPSS(0x0016),
  ECDSA(0x0018);

  private final int id;

  SignatureAlg(int id) {
    this.id = id;
  }

  /** TPM_ALG_ID. */
  public int id() {
    return id;
  }

  /** Keylime's word for it on the wire, such as {@code rsassa}. */
  public String keylimeName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The scheme of a TPM_ALG_ID.
   *
   * @throws MalformedException if it is none of these
   */
  public static SignatureAlg ofId(int id) {
    for (SignatureAlg alg : values()) {
      if (alg.id == id) {
        return alg;
      }
    }
    throw new MalformedException("signature scheme 0x%04x is not supported".formatted(id));
  }
}
