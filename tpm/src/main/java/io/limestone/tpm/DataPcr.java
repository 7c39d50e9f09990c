package io.limestone.tpm;

import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;

/** PCR 16, in which a quote binds the node's transport key. */
public final class DataPcr {
  public static final int INDEX = 16;

  private DataPcr() {}

  /**
   * The value that binds a key: PCR 16 reset, then extended once with the digest of the key's PEM
   * text exactly as delivered, final newline included.
   */
  public static Bytes expected(HashAlg bank, String publicKeyPem) {
    Bytes pem = Bytes.of(publicKeyPem.getBytes(StandardCharsets.UTF_8));
    return bank.extend(bank.zeros(), bank.digest(pem));
  }
}
