package io.limestone.evidence;

import org.jspecify.annotations.Nullable;

/**
 * The digest algorithms that a kernel may measure files with, by the kernel's names ({@code
 * hash_algo_name}). Wider than the TPM's: these digests are only compared.
 */
public enum FileDigest {
  SHA256("sha256", 32),
  SHA1("sha1", 20),
  SHA384("sha384", 48),
  SHA512("sha512", 64),
  SHA224("sha224", 28),
  SM3("sm3", 32),
  SHA3_256("sha3-256", 32),
  SHA3_384("sha3-384", 48),
  SHA3_512("sha3-512", 64),
  STREEBOG256("streebog256", 32),
  STREEBOG512("streebog512", 64),
  RMD160("rmd160", 20),
  MD5("md5", 16);

  private static final FileDigest[] ALL = values();

  private final String name;
  private final int size;

  FileDigest(String name, int size) {
    this.name = name;
    this.size = size;
  }

  /** Bytes of a digest. */
  public int size() {
    return size;
  }

  public String kernelName() {
    return name;
  }

  /** The algorithm whose name stands in {@code text} between the two offsets, or null. */
  static @Nullable FileDigest named(byte[] text, int from, int to) {
    for (FileDigest one : ALL) {
      if (Ascii.is(text, from, to, one.name)) {
        return one;
      }
    }
    return null;
  }
}
