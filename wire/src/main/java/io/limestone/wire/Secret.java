package io.limestone.wire;

import java.security.SecureRandom;

/**
 * Key material: K, U, V, activation secrets, tokens. It cannot print itself, compares in constant
 * time, and {@link #close} overwrites it. Reading it takes the word {@link #reveal}, so that every
 * place which does can be found.
 */
public final class Secret implements AutoCloseable {
  private final byte[] value;

  private Secret(byte[] value) {
    this.value = value;
  }

  /** Takes a copy; wiping the original is for the caller. */
  public static Secret of(byte[] value) {
    return new Secret(value.clone());
  }

  public static Secret random(int size, SecureRandom random) {
    byte[] value = new byte[size];
    random.nextBytes(value);
    return new Secret(value);
  }

  public int size() {
    return value.length;
  }

  /** A copy of the secret bytes, for use in a cipher or on the wire. */
  public byte[] reveal() {
    return value.clone();
  }

  /** This XOR another secret of the same size. */
  public Secret xor(Secret other) {
    if (other.value.length != value.length) {
      throw new MalformedException(
          "key halves of different sizes: " + value.length + " and " + other.value.length);
    }
    byte[] result = value.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] ^= other.value[i];
    }
    return new Secret(result);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && Encoding.constantTimeEquals(value, secret.value);
  }

  @Override
  public int hashCode() {
    return Secret.class.hashCode();
  }

  @Override
  public String toString() {
    return "[secret of " + value.length + " bytes]";
  }

  @Override
  public void close() {
    Encoding.wipe(value);
  }
}
