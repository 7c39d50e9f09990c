package io.limestone.evidence;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/**
 * The digest algorithms that a kernel may measure files with, by the kernel's names ({@code
 * hash_algo_name}). Wider than the TPM's: these digests are only compared.
 */
public enum FileDigest {
  SHA256("sha256", 32, "SHA-256"),
  SHA1("sha1", 20, "SHA-1"),
  SHA384("sha384", 48, "SHA-384"),
  SHA512("sha512", 64, "SHA-512"),
  SHA224("sha224", 28, "SHA-224"),
  SM3("sm3", 32, ""),
  SHA3_256("sha3-256", 32, "SHA3-256"),
  SHA3_384("sha3-384", 48, "SHA3-384"),
  SHA3_512("sha3-512", 64, "SHA3-512"),
  STREEBOG256("streebog256", 32, ""),
  STREEBOG512("streebog512", 64, ""),
  RMD160("rmd160", 20, ""),
  MD5("md5", 16, "MD5");

  private static final FileDigest[] ALL = values();

  private final String name;
  private final int size;
  private final String jcaName;

  FileDigest(String name, int size, String jcaName) {
    this.name = name;
    this.size = size;
    this.jcaName = jcaName;
  }

  /** Bytes of a digest. */
  public int size() {
    return size;
  }

  public String kernelName() {
    return name;
  }

  /** Whether {@code digest} is the digest of {@code data}; false if Java has it not. */
  public boolean isOf(Span data, Span digest) {
    if (jcaName.isEmpty()) {
      return false;
    }
    try {
      MessageDigest hash = MessageDigest.getInstance(jcaName);
      hash.update(data.array(), data.from(), data.length());
      return MessageDigest.isEqual(hash.digest(), digest.toArray());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
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
