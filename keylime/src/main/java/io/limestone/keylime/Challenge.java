package io.limestone.keylime;

import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * The secret of a registration: only the TPM that holds both EK and AK can get it out of the
 * credential blob, and shows so by a tag (pull-protocol.md sections 2.5, 2.6).
 *
 * @param text what TPM2_MakeCredential seals: 32 ASCII letters and digits when it is ours
 */
public record Challenge(Secret text) {
  private static final String ALPHABET =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  public Challenge {
    if (text.size() == 0 || text.size() > 64) {
      throw new MalformedException("activation secret is not 1 to 64 bytes long");
    }
  }

  public static Challenge random(SecureRandom random) {
    byte[] text = new byte[32];
    for (int i = 0; i < text.length; i++) {
      text[i] = (byte) ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    }
    try {
      return new Challenge(Secret.of(text));
    } finally {
      Encoding.wipe(text);
    }
  }

  /** HMAC-SHA384 of the id in lower-case hex; its key is the base64 <em>text</em> of the secret. */
  public String authTag(NodeId id) {
    byte[] secret = text.reveal();
    byte[] key = Encoding.base64(secret).getBytes(StandardCharsets.US_ASCII);
    try {
      return HmacSha384.hex(key, id.value());
    } finally {
      Encoding.wipe(secret);
      Encoding.wipe(key);
    }
  }

  /**
   * Whether {@code authTag} is the tag for {@code id}, in constant time. Upper-case hex is another
   * tag, as it is for Keylime.
   */
  public boolean answeredBy(String authTag, NodeId id) {
    return Encoding.constantTimeEquals(
        authTag(id).getBytes(StandardCharsets.UTF_8), authTag.getBytes(StandardCharsets.UTF_8));
  }
}
