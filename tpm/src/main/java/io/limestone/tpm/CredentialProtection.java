package io.limestone.tpm;

import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encryption and integrity of a credential under a seed and a Name (TPM 2.0 Library part 1, section
 * 24): AES-CFB with an all-zero IV, then HMAC over ciphertext and Name.
 */
record CredentialProtection(HashAlg hash, Bytes name, Secret symKey, Secret hmacKey) {
  static CredentialProtection of(HashAlg hash, Secret seed, Bytes name, int aesBits) {
    byte[] key = seed.reveal();
    byte[] sym = Kdf.a(hash, key, "STORAGE", name, Bytes.EMPTY, aesBits);
    byte[] mac = Kdf.a(hash, key, "INTEGRITY", Bytes.EMPTY, Bytes.EMPTY, 8 * hash.size());
    CredentialProtection made =
        new CredentialProtection(hash, name, Secret.of(sym), Secret.of(mac));
    Encoding.wipe(key);
    Encoding.wipe(sym);
    Encoding.wipe(mac);
    return made;
  }

  /** TPMS_ID_OBJECT: the HMAC as TPM2B, then the encrypted TPM2B_DIGEST. */
  Bytes seal(Secret credential) {
    byte[] value = credential.reveal();
    byte[] plain = ByteWriter.bigEndian().u16(value.length).bytes(value).toArray();
    byte[] encrypted = aes(Cipher.ENCRYPT_MODE, plain);
    Encoding.wipe(value);
    Encoding.wipe(plain);
    return ByteWriter.bigEndian()
        .sized16(Bytes.of(integrity(encrypted)))
        .bytes(encrypted)
        .toBytes();
  }

  Secret open(Bytes idObject) {
    ByteReader in = idObject.bigEndian();
    byte[] integrity = in.sized16("integrity HMAC");
    byte[] encrypted = in.bytes(in.remaining(), "encrypted credential");
    if (!Encoding.constantTimeEquals(integrity, integrity(encrypted))) {
      throw new MalformedException("the credential was made for another key, or altered");
    }
    byte[] plain = aes(Cipher.DECRYPT_MODE, encrypted);
    int size = ByteReader.bigEndian(plain).u16("credential size");
    if (size != plain.length - 2) {
      throw new MalformedException("the credential's size is wrong");
    }
    byte[] value = Arrays.copyOfRange(plain, 2, plain.length);
    Secret credential = Secret.of(value);
    Encoding.wipe(plain);
    Encoding.wipe(value);
    return credential;
  }

  private byte[] integrity(byte[] encrypted) {
    Mac mac = Kdf.hmac(hash, hmacKey.reveal());
    mac.update(encrypted);
    return mac.doFinal(name.toArray());
  }

  private byte[] aes(int mode, byte[] text) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
      cipher.init(
          mode, new SecretKeySpec(symKey.reveal(), "AES"), new IvParameterSpec(new byte[16]));
      return cipher.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-CFB is missing from this Java runtime", e);
    }
  }
}
