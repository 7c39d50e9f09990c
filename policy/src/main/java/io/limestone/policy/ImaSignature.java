package io.limestone.policy;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import java.util.Arrays;
import java.util.Optional;

/**
 * A {@code security.ima} signature of version 2 (ima.md §7): a header of 9 bytes, most significant
 * byte first, then RSA PKCS#1 v1.5 or DER ECDSA.
 *
 * @param digest what the header says was signed: a file digest of this algorithm
 * @param keyId which key, 0 to 2^32-1
 */
record ImaSignature(FileDigest digest, long keyId, Bytes signature) {
  private static final int HEADER = 9;
  private static final int IMA_DIGSIG = 3;
  private static final int EVM_PORTABLE = 5;

  /** The signature, or nothing: other versions and weak or unknown hashes cannot be verified. */
  static Optional<ImaSignature> parse(Span field) {
    byte[] bytes = field.toArray();
    if (bytes.length < HEADER
        || (bytes[0] != IMA_DIGSIG && bytes[0] != EVM_PORTABLE)
        || bytes[1] != 2
        || ((bytes[7] & 0xff) << 8 | (bytes[8] & 0xff)) != bytes.length - HEADER) {
      return Optional.empty();
    }
    long keyId = ByteReader.bigEndian(Arrays.copyOfRange(bytes, 3, 7)).u32("key id");
    return digest(bytes[2])
        .map(
            alg ->
                new ImaSignature(
                    alg, keyId, Bytes.of(Arrays.copyOfRange(bytes, HEADER, bytes.length))));
  }

  /** The kernel's hash numbers; MD5 and SHA-1 are too weak to take a signature's word for. */
  private static Optional<FileDigest> digest(int number) {
    return switch (number) {
      case 4 -> Optional.of(FileDigest.SHA256);
      case 5 -> Optional.of(FileDigest.SHA384);
      case 6 -> Optional.of(FileDigest.SHA512);
      case 7 -> Optional.of(FileDigest.SHA224);
      default -> Optional.empty();
    };
  }
}
