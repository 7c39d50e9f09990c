package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * What makes a quote fresh: 1 to 64 ASCII letters and digits, other characters are refused by
 * agents. A TPM signs its ASCII bytes as extraData.
 */
public record Nonce(String text) {
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int MAX = 64;

  public Nonce {
    if (text.isEmpty() || text.length() > MAX) {
      throw new MalformedException("nonce is not 1 to " + MAX + " characters long");
    }
    if (!text.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0)) {
      throw new MalformedException("nonce should be strictly alphanumeric");
    }
  }

  /** 20 characters, 119 bits: the length that Keylime's verifier and tenant use. */
  public static Nonce random(SecureRandom random) {
    StringBuilder text = new StringBuilder(20);
    for (int i = 0; i < 20; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return new Nonce(text.toString());
  }

  public Bytes bytes() {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public String toString() {
    return text;
  }
}
