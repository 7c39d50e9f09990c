package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.util.List;

/**
 * Certificates as they travel: PEM, or base64 of DER without armour. Their bytes are kept as they
 * came; whether they are good certificates is for the endorsement check.
 */
final class Certificates {
  static final int MAX_CHAIN = 8;
  private static final int MAX_BYTES = 64 * 1024;

  private Certificates() {}

  /** The first certificate of a text. */
  static Bytes one(String text) {
    return chain(text).getFirst();
  }

  /** At least one certificate, at most {@value #MAX_CHAIN}. */
  static List<Bytes> chain(String text) {
    List<Bytes> chain =
        text.startsWith("-----BEGIN ")
            ? Pem.strict(text, MAX_CHAIN).stream().map(Certificates::content).toList()
            : List.of(Bytes.ofBase64(text));
    chain.forEach(Certificates::checkFrame);
    return chain;
  }

  private static Bytes content(Pem.Block block) {
    if (!block.label().equals(Pem.CERTIFICATE)) {
      throw new MalformedException("not a certificate but " + block.label());
    }
    return block.content();
  }

  /**
   * A SEQUENCE of more than 127 bytes, in whatever dialect of BER, or the same behind the header
   * that TPM 1.2 stored in front of it (tag 0x1001).
   */
  private static void checkFrame(Bytes certificate) {
    if (certificate.size() > MAX_BYTES) {
      throw new MalformedException("certificate of more than " + MAX_BYTES + " bytes");
    }
    byte[] bytes = certificate.toArray();
    boolean sequence = bytes.length >= 128 && bytes[0] == 0x30 && (bytes[1] & 0x80) != 0;
    boolean header = bytes.length >= 135 && bytes[0] == 0x10 && bytes[1] == 0x01;
    if (!sequence && !header) {
      throw new MalformedException("not a certificate");
    }
  }
}
