package io.limestone.tpm;

import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The TPM's key derivation functions (TPM 2.0 Library part 1, section 11.4.10). */
final class Kdf {
  private Kdf() {}

  /** KDFa, from SP 800-108 in counter mode with HMAC. The result is {@code bits / 8} bytes. */
  static byte[] a(
      HashAlg hash, byte[] key, String label, Bytes contextU, Bytes contextV, int bits) {
    Mac mac = hmac(hash, key);
    byte[] out = new byte[bits / 8];
    for (int done = 0, counter = 1; done < out.length; counter++) {
      mac.update(u32(counter));
      mac.update(label(label));
      mac.update(contextU.toArray());
      mac.update(contextV.toArray());
      mac.update(u32(bits));
      done += fill(out, done, mac.doFinal());
    }
    return out;
  }

  /**
   * KDFe, from SP 800-56A with a hash.
   *
   * @param z x-coordinate of the shared point, as wide as the curve
   * @param partyU x-coordinate of the ephemeral key
   * @param partyV x-coordinate of the static key
   */
  static byte[] e(HashAlg hash, byte[] z, String label, Bytes partyU, Bytes partyV, int bits) {
    MessageDigest digest = hash.newDigest();
    byte[] out = new byte[bits / 8];
    for (int done = 0, counter = 1; done < out.length; counter++) {
      digest.update(u32(counter));
      digest.update(z);
      digest.update(label(label));
      partyU.feed(digest);
      partyV.feed(digest);
      done += fill(out, done, digest.digest());
    }
    return out;
  }

  static Mac hmac(HashAlg hash, byte[] key) {
    String name = "Hmac" + hash.jcaName().replace("-", "");
    try {
      Mac mac = Mac.getInstance(name);
      mac.init(new SecretKeySpec(key, name));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(name + " is missing from this Java runtime", e);
    }
  }

  private static int fill(byte[] out, int from, byte[] block) {
    int count = Math.min(block.length, out.length - from);
    System.arraycopy(block, 0, out, from, count);
    Arrays.fill(block, (byte) 0);
    return count;
  }

  /** Labels end in a zero byte. */
  static byte[] label(String label) {
    byte[] ascii = label.getBytes(StandardCharsets.US_ASCII);
    return Arrays.copyOf(ascii, ascii.length + 1);
  }

  private static byte[] u32(int value) {
    return new byte[] {
      (byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value
    };
  }
}
