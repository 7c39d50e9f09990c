package io.limestone.policy;

import io.limestone.wire.Bytes;
import java.util.Optional;

/** What a node may run. */
public final class RuntimePolicy {
  private RuntimePolicy() {}

  /** The policy of its JSON text. */
  public static RuntimePolicy parse(Bytes json) {
    throw new UnsupportedOperationException();
  }

  /** A policy as uploaded: JSON, or a DSSE envelope around it. */
  public static RuntimePolicy ofUpload(
      Bytes text, Optional<Bytes> keyPem, boolean signatureRequired) {
    throw new UnsupportedOperationException();
  }

  /** Keylime's {@code meta.generator}. */
  public int generator() {
    return 0;
  }

  /** The same policy with the signature keys of a node ({@code ima_sign_verification_keys}). */
  public RuntimePolicy withVerificationKeys(String keyringJson) {
    return this;
  }
}
