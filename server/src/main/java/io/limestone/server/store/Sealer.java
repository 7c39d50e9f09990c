package io.limestone.server.store;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals secrets that lie in the database (V, revocation keys, activation secrets) with AES-256-GCM
 * under a key file outside of it. The context (table, column, id) is authenticated: a sealed value
 * moved to another row does not open. Form: {@code 0x01 ‖ nonce(12) ‖ ciphertext ‖ tag(16)}.
 */
public final class Sealer {
  private static final int KEY = 32;
  private static final int NONCE = 12;
  private static final byte VERSION = 1;

  private final SecretKey key;
  private final SecureRandom random;

  private Sealer(SecretKey key, SecureRandom random) {
    this.key = key;
    this.random = random;
  }

  /**
   * The key in {@code file} (32 bytes), made if it is not there.
   *
   * @throws IOException also if others than the owner can read the file, or it is no such key
   */
  public static Sealer ofKeyFile(Path file, SecureRandom random) throws IOException {
    if (!Files.exists(file)) {
      try (Secret fresh = Secret.random(KEY, random)) {
        PrivateFiles.create(file, fresh.reveal());
      }
    }
    byte[] key = PrivateFiles.read(file);
    try {
      if (key.length != KEY) {
        throw new IOException(file + ": not a sealing key (32 bytes)");
      }
      return new Sealer(new SecretKeySpec(key, "AES"), random);
    } finally {
      Encoding.wipe(key);
    }
  }

  public Bytes seal(Secret secret, String context) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    byte[] plain = secret.reveal();
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce, context).doFinal(plain);
      byte[] out = new byte[1 + NONCE + sealed.length];
      out[0] = VERSION;
      System.arraycopy(nonce, 0, out, 1, NONCE);
      System.arraycopy(sealed, 0, out, 1 + NONCE, sealed.length);
      return Bytes.of(out);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is part of every JDK", e);
    } finally {
      Encoding.wipe(plain);
    }
  }

  /**
   * The secret that was sealed in this context.
   *
   * @throws SealBroken if it was not, or under another key
   */
  public Secret open(Bytes sealed, String context) {
    byte[] in = sealed.toArray();
    if (in.length < 1 + NONCE + 16 || in[0] != VERSION) {
      throw new SealBroken(context, null);
    }
    try {
      byte[] plain =
          cipher(Cipher.DECRYPT_MODE, Arrays.copyOfRange(in, 1, 1 + NONCE), context)
              .doFinal(in, 1 + NONCE, in.length - 1 - NONCE);
      try {
        return Secret.of(plain);
      } finally {
        Encoding.wipe(plain);
      }
    } catch (GeneralSecurityException e) {
      throw new SealBroken(context, e);
    }
  }

  private Cipher cipher(int mode, byte[] nonce, String context) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(128, nonce));
    cipher.updateAAD(context.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
