package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The payload's envelope (pull-protocol.md section 5.4): IV (16 bytes, not the usual 12), AES-GCM
 * ciphertext, tag (16 bytes); no additional data. The key decides between AES-128 and AES-256.
 */
public final class Payload {
  private static final int IV_SIZE = 16;
  private static final int TAG_SIZE = 16;

  private Payload() {}

  public static Bytes seal(BootstrapKey key, Secret plaintext, SecureRandom random) {
    byte[] iv = new byte[IV_SIZE];
    random.nextBytes(iv);
    return seal(key, plaintext, iv);
  }

  /** With a given IV, which must never be used twice under one key: for test vectors. */
  static Bytes seal(BootstrapKey key, Secret plaintext, byte[] iv) {
    byte[] clear = plaintext.reveal();
    try {
      byte[] sealed = run(Cipher.ENCRYPT_MODE, key, iv, clear);
      byte[] envelope = Arrays.copyOf(iv, IV_SIZE + sealed.length);
      System.arraycopy(sealed, 0, envelope, IV_SIZE, sealed.length);
      return Bytes.of(envelope);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    } finally {
      Encoding.wipe(clear);
    }
  }

  /**
   * The plaintext.
   *
   * @throws MalformedException if the envelope is too short, was sealed under another key, or was
   *     changed; which of these is not told
   */
  public static Secret open(BootstrapKey key, Bytes envelope) {
    byte[] bytes = envelope.toArray();
    if (bytes.length < IV_SIZE + TAG_SIZE) {
      throw new MalformedException("payload is shorter than an IV and a tag");
    }
    byte[] clear;
    try {
      clear =
          run(
              Cipher.DECRYPT_MODE,
              key,
              Arrays.copyOf(bytes, IV_SIZE),
              Arrays.copyOfRange(bytes, IV_SIZE, bytes.length));
    } catch (GeneralSecurityException e) {
      throw new MalformedException("payload does not open under this key", e);
    }
    try {
      return Secret.of(clear);
    } finally {
      Encoding.wipe(clear);
    }
  }

  private static byte[] run(int mode, BootstrapKey key, byte[] iv, byte[] input)
      throws GeneralSecurityException {
    byte[] k = key.k().reveal();
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(mode, new SecretKeySpec(k, "AES"), new GCMParameterSpec(8 * TAG_SIZE, iv));
      return cipher.doFinal(input);
    } finally {
      Encoding.wipe(k);
    }
  }
}
