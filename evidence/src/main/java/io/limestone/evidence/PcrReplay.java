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
  private final byte[] value;
  private final byte[] measured;

  public PcrReplay(HashAlg bank, Bytes start) {
    if (start.size() != bank.size()) {
      throw new IllegalArgumentException("a PCR of " + bank + " has " + bank.size() + " bytes");
    }
    this.bank = bank;
    this.hash = bank.newDigest();
    this.value = start.toArray();
    this.measured = new byte[bank.size()];
  }

  /** A PCR that has been reset to zeros. */
  public static PcrReplay ofZeros(HashAlg bank) {
    return new PcrReplay(bank, bank.zeros());
  }

  public HashAlg bank() {
    return bank;
  }

  public Bytes value() {
    return Bytes.of(value);
  }

  public boolean is(byte[] other) {
    return Arrays.equals(value, other);
  }

  /** Extends with a digest of the bank's size that starts at an offset. */
  public void extend(byte[] digests, int at) {
    hash.update(value);
    hash.update(digests, at, value.length);
    finish(value);
  }

  /** Extends with the bank's digest of some bytes. */
  void measure(byte[] data, int length) {
    hash.update(data, 0, length);
    finish(measured);
    extend(measured, 0);
  }

  /** Extends with all ones, as a kernel does for a violation. */
  void violate() {
    Arrays.fill(measured, (byte) 0xff);
    extend(measured, 0);
  }

  private void finish(byte[] out) {
    try {
      hash.digest(out, 0, out.length);
    } catch (DigestException e) {
      throw new IllegalStateException(e); // the output is exactly as long as the digest
    }
  }
}
