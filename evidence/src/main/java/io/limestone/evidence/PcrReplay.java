package io.limestone.evidence;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.security.DigestException;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * One PCR as a TPM would hold it: {@code value = H(value ‖ digest)}. Makes no garbage. Not
 * thread-safe.
 */
public final class PcrReplay {
  private final HashAlg bank;
  private final MessageDigest hash;
  private final int size;

  /** The value, and behind it what it is extended with: hashed in one go. */
  private final byte[] both;

  public PcrReplay(HashAlg bank, Bytes start) {
    if (start.size() != bank.size()) {
      throw new IllegalArgumentException("a PCR of " + bank + " has " + bank.size() + " bytes");
    }
    this.bank = bank;
    this.hash = bank.newDigest();
    this.size = bank.size();
    this.both = Arrays.copyOf(start.toArray(), 2 * size);
  }

  /** A PCR that has been reset to zeros. */
  public static PcrReplay ofZeros(HashAlg bank) {
    return new PcrReplay(bank, bank.zeros());
  }

  public HashAlg bank() {
    return bank;
  }

  public Bytes value() {
    return Bytes.of(Arrays.copyOf(both, size));
  }

  public boolean is(byte[] other) {
    return Arrays.equals(both, 0, size, other, 0, other.length);
  }

  /** Extends with a digest of the bank's size that starts at an offset. */
  public void extend(byte[] digests, int at) {
    System.arraycopy(digests, at, both, size, size);
    extend();
  }

  /** Extends with the bank's digest of some bytes. */
  void measure(Span data) {
    hash.update(data.array(), data.from(), data.length());
    finish(size);
    extend();
  }

  /** Extends with all ones, as a kernel does for a violation. */
  void violate() {
    Arrays.fill(both, size, 2 * size, (byte) 0xff);
    extend();
  }

  /**
   * Extends as Linux did before 5.8 in banks other than SHA-1: with the SHA-1 digest, and zeros
   * behind it.
   */
  void extendPadded(byte[] sha1) {
    Arrays.fill(both, size, 2 * size, (byte) 0);
    System.arraycopy(sha1, 0, both, size, Math.min(sha1.length, size));
    extend();
  }

  private void extend() {
    hash.update(both, 0, both.length);
    finish(0);
  }

  private void finish(int at) {
    try {
      hash.digest(both, at, size);
    } catch (DigestException e) {
      throw new IllegalStateException(e); // the output is exactly as long as the digest
    }
  }
}
