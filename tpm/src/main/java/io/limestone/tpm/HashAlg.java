package io.limestone.tpm;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;
import org.bouncycastle.jcajce.provider.digest.SM3;

/**
 * TPMI_ALG_HASH: the hash algorithms of PCR banks, Names and signatures (TCG algorithm registry).
 */
public enum HashAlg {
  SHA1(0x0004, 20, "SHA-1"),
  SHA256(0x000b, 32, "SHA-256"),
  SHA384(0x000c, 48, "SHA-384"),
  SHA512(0x000d, 64, "SHA-512"),
  SM3_256(0x0012, 32, "SM3");

  private final int id;
  private final int size;
  private final String jcaName;

  HashAlg(int id, int size, String jcaName) {
    this.id = id;
    this.size = size;
    this.jcaName = jcaName;
  }

  /** TPM_ALG_ID. */
  public int id() {
    return id;
  }

  /** Bytes in a digest. */
  public int size() {
    return size;
  }

  /** Keylime's word for it on the wire, such as {@code sha256}. */
  public String keylimeName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Java's name for it, such as {@code SHA-256}. */
  String jcaName() {
    return jcaName;
  }

  /** Apart, so that BouncyCastle is loaded by those only who use SM3. */
  private static final class Sm3 {
    static MessageDigest newDigest() {
      return new SM3.Digest();
    }
  }

  public MessageDigest newDigest() {
    if (this == SM3_256) {
      return Sm3.newDigest();
    }
    try {
      return MessageDigest.getInstance(jcaName);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(jcaName + " is missing from this Java runtime", e);
    }
  }

  /** The digest of the parts one after another. */
  public Bytes digest(Bytes... parts) {
    MessageDigest digest = newDigest();
    for (Bytes part : parts) {
      part.feed(digest);
    }
    return Bytes.of(digest.digest());
  }

  /** A PCR's value after TPM2_PCR_Extend: H({@code pcr} ‖ {@code measured}). */
  public Bytes extend(Bytes pcr, Bytes measured) {
    return digest(pcr, measured);
  }

  /** A digest's worth of zero bytes: a PCR before its first extend. */
  public Bytes zeros() {
    return Bytes.of(new byte[size]);
  }

  /**
   * The algorithm of a TPM_ALG_ID.
   *
   * @throws MalformedException if it is none of these
   */
  public static HashAlg ofId(int id) {
    for (HashAlg alg : values()) {
      if (alg.id == id) {
        return alg;
      }
    }
    throw new MalformedException("hash algorithm 0x%04x is not supported".formatted(id));
  }

  public static Optional<HashAlg> named(String keylimeName) {
    for (HashAlg alg : values()) {
      if (alg.keylimeName().equals(keylimeName)) {
        return Optional.of(alg);
      }
    }
    return Optional.empty();
  }
}
