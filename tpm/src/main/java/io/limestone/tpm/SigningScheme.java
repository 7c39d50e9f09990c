package io.limestone.tpm;

/** The scheme and hash that a signing key is bound to (TPMT_RSA_SCHEME, TPMT_ECC_SCHEME). */
public record SigningScheme(SignatureAlg alg, HashAlg hash) {
  /** Such as {@code rsassa with sha256}. */
  @Override
  public String toString() {
    return alg.keylimeName() + " with " + hash.keylimeName();
  }
}
