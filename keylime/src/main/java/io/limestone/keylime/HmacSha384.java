package io.limestone.keylime;

import io.limestone.wire.Encoding;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The tag of all of Keylime's keys. */
final class HmacSha384 {
  static final int SIZE = 48;

  private HmacSha384() {}

  static byte[] of(byte[] key, String message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA384");
      mac.init(new SecretKeySpec(key, "HmacSHA384"));
      return mac.doFinal(message.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA384", e);
    }
  }

  static String hex(byte[] key, String message) {
    return Encoding.hex(of(key, message));
  }
}
