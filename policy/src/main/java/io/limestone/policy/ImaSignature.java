package io.limestone.policy;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * A {@code security.ima} signature (ima.md §7): a header of 9 bytes, most significant byte first,
 * then RSA PKCS#1 v1.5 or DER ECDSA. Version 2 signs a file's digest as it is; version 3 signs the
 * hash of the kernel's {@code ima_file_id}, so that a signature over a file's content and one over
 * its fs-verity digest cannot stand for each other.
 *
 * @param type the first byte of the header: what kind of digest was signed
 * @param version 2 or 3
 * @param digest algorithm of what was signed
 * @param keyId which key, 0 to 2^32-1
 */
record ImaSignature(int type, int version, FileDigest digest, long keyId, Bytes signature) {
  private static final int HEADER = 9;
  private static final int IMA_DIGSIG = 3;
  private static final int EVM_PORTABLE = 5;
  private static final int VERITY_DIGSIG = 6;

  /** The signature, or nothing: other versions and weak or unknown hashes cannot be verified. */
  static Optional<ImaSignature> parse(Span field) {
    byte[] bytes = field.toArray();
    if (bytes.length < HEADER
        || !isKnown(bytes[0], bytes[1])
        || ((bytes[7] & 0xff) << 8 | (bytes[8] & 0xff)) != bytes.length - HEADER) {
      return Optional.empty();
    }
    long keyId = ByteReader.bigEndian(Arrays.copyOfRange(bytes, 3, 7)).u32("key id");
    return digest(bytes[2])
        .map(
            alg ->
                new ImaSignature(
                    bytes[0],
                    bytes[1],
                    alg,
                    keyId,
                    Bytes.of(Arrays.copyOfRange(bytes, HEADER, bytes.length))));
  }

  /** EVM's signatures are over attributes: known, so that they are told apart, and never right. */
  private static boolean isKnown(int type, int version) {
    return switch (version) {
      case 2 -> type == IMA_DIGSIG || type == EVM_PORTABLE;
      case 3 -> type == IMA_DIGSIG || type == VERITY_DIGSIG;
      default -> false;
    };
  }

  /**
   * The hash that was signed, if this signature may speak for a digest of this kind.
   *
   * @param verity whether the digest is that of fs-verity's tree, not of the file's bytes
   */
  Optional<byte[]> signedHash(Span fileDigest, boolean verity) {
    if (fileDigest.length() != digest.size() || verity != (type == VERITY_DIGSIG)) {
      return Optional.empty();
    }
    if (version == 2) {
      return Optional.of(fileDigest.toArray());
    }
    ByteArrayOutputStream fileId = new ByteArrayOutputStream();
    fileId.write(type);
    fileId.write(number(digest));
    fileId.writeBytes(fileDigest.toArray());
    return digest.of(fileId.toByteArray());
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

  private static int number(FileDigest digest) {
    return switch (digest) {
      case SHA256 -> 4;
      case SHA384 -> 5;
      case SHA512 -> 6;
      case SHA224 -> 7;
      default -> throw new IllegalStateException("not read from a signature: " + digest);
    };
  }
}
