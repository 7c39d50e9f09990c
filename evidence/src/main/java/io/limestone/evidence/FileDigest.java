package io.limestone.evidence;

import io.limestone.tpm.HashAlg;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
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
  /** SM3's name before Linux 5.18. */
  SM3_256("sm3-256", 32, ""),
  SHA3_256("sha3-256", 32, "SHA3-256"),
  SHA3_384("sha3-384", 48, "SHA3-384"),
  SHA3_512("sha3-512", 64, "SHA3-512"),
  STREEBOG256("streebog256", 32, ""),
  STREEBOG512("streebog512", 64, ""),
  RMD128("rmd128", 16, ""),
  RMD160("rmd160", 20, ""),
  RMD256("rmd256", 32, ""),
  RMD320("rmd320", 40, ""),
  WP256("wp256", 32, ""),
  WP384("wp384", 48, ""),
  WP512("wp512", 64, ""),
  TGR128("tgr128", 16, ""),
  TGR160("tgr160", 20, ""),
  TGR192("tgr192", 24, ""),
  MD4("md4", 16, ""),
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

  /** The same algorithm as a PCR bank's, if a TPM may have such a bank. */
  public Optional<HashAlg> bank() {
    return switch (this) {
      case SHA1 -> Optional.of(HashAlg.SHA1);
      case SHA256 -> Optional.of(HashAlg.SHA256);
      case SHA384 -> Optional.of(HashAlg.SHA384);
      case SHA512 -> Optional.of(HashAlg.SHA512);
      case SM3, SM3_256 -> Optional.of(HashAlg.SM3_256);
      default -> Optional.empty();
    };
  }

  /** The digest of {@code data}; nothing if Java has the algorithm not. */
  public Optional<byte[]> of(byte[] data) {
    return Optional.ofNullable(newDigest()).map(hash -> hash.digest(data));
  }

  /** Whether {@code digest} is the digest of {@code data}; false if Java has it not. */
  public boolean isOf(Span data, Span digest) {
    MessageDigest hash = newDigest();
    if (hash == null) {
      return false;
    }
    hash.update(data.array(), data.from(), data.length());
    return MessageDigest.isEqual(hash.digest(), digest.toArray());
  }

  private @Nullable MessageDigest newDigest() {
    Optional<HashAlg> bank = bank();
    if (bank.isPresent()) {
      return bank.get().newDigest();
    }
    if (jcaName.isEmpty()) {
      return null;
    }
    try {
      return MessageDigest.getInstance(jcaName);
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
