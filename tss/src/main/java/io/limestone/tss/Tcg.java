package io.limestone.tss;

import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;

/** Algorithm numbers (TCG algorithm registry) and the wire forms that recur. */
final class Tcg {
  static final int ALG_RSA = 0x0001;
  static final int ALG_AES = 0x0006;
  static final int ALG_NULL = 0x0010;
  static final int ALG_RSASSA = 0x0014;
  static final int ALG_RSAPSS = 0x0016;
  static final int ALG_ECDSA = 0x0018;
  static final int ALG_ECC = 0x0023;
  static final int ALG_CFB = 0x0043;

  private Tcg() {}

  /** A 16-bit size, then the content. */
  static Bytes tpm2b(Bytes content) {
    return ByteWriter.bigEndian().sized16(content).toBytes();
  }

  static Bytes u16(int value) {
    return ByteWriter.bigEndian().u16(value).toBytes();
  }
}
