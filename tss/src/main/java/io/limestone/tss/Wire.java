package io.limestone.tss;

import io.limestone.wire.Bytes;
import java.io.ByteArrayOutputStream;

/** Writes a TPM structure in wire form: most significant byte first. */
final class Wire {
  static final int ALG_RSA = 0x0001;
  static final int ALG_AES = 0x0006;
  static final int ALG_NULL = 0x0010;
  static final int ALG_ECC = 0x0023;
  static final int ALG_CFB = 0x0043;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

  Wire u8(int value) {
    out.write(value);
    return this;
  }

  Wire u16(int value) {
    return u8(value >>> 8).u8(value);
  }

  Wire u32(int value) {
    return u16(value >>> 16).u16(value);
  }

  Wire raw(Bytes bytes) {
    out.writeBytes(bytes.toArray());
    return this;
  }

  /** A TPM2B: 16-bit size, then the bytes. */
  Wire sized(Bytes bytes) {
    return u16(bytes.size()).raw(bytes);
  }

  Bytes bytes() {
    return Bytes.of(out.toByteArray());
  }

  static Bytes tpm2b(Bytes content) {
    return new Wire().sized(content).bytes();
  }
}
