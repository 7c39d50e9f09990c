package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;

/**
 * K, the key that unlocks a node's payload. It is split on the user's side: U goes straight to the
 * node, V to the verifier, which passes it on after a good attestation; K = U xor V
 * (pull-protocol.md section 5.1).
 *
 * @param k 16 or 32 bytes
 */
public record BootstrapKey(Secret k) implements AutoCloseable {

  /** The two halves; each alone says nothing about K. */
  public record Halves(Secret u, Secret v) {}

  public BootstrapKey {
    checkSize(k);
  }

  /** 32 random bytes. */
  public static BootstrapKey random(SecureRandom random) {
    return new BootstrapKey(Secret.random(32, random));
  }

  public Halves split(SecureRandom random) {
    Secret v = Secret.random(k.size(), random);
    return new Halves(k.xor(v), v);
  }

  public static BootstrapKey combine(Secret u, Secret v) {
    return new BootstrapKey(u.xor(v));
  }

  /** Whether a half has a size that a key can have. */
  public static Secret checkSize(Secret half) {
    if (half.size() != 16 && half.size() != 32) {
      throw new MalformedException("key is " + half.size() + " bytes long, neither 16 nor 32");
    }
    return half;
  }

  /** HMAC-SHA384 of the node's id under K, 48 bytes: tells the node that its U and V belong. */
  public Bytes authTag(NodeId id) {
    return Bytes.of(hmac(id.value()));
  }

  public boolean hasTag(Bytes authTag, NodeId id) {
    return Encoding.constantTimeEquals(hmac(id.value()), authTag.toArray());
  }

  /** The answer to {@code keys/verify}: HMAC-SHA384 of the challenge under K, lower-case hex. */
  public String proof(String challenge) {
    return Encoding.hex(hmac(challenge));
  }

  public boolean isProof(String hmac, String challenge) {
    return Encoding.constantTimeEquals(
        proof(challenge).getBytes(StandardCharsets.UTF_8), hmac.getBytes(StandardCharsets.UTF_8));
  }

  private byte[] hmac(String message) {
    byte[] key = k.reveal();
    try {
      return HmacSha384.of(key, message);
    } finally {
      Encoding.wipe(key);
    }
  }

  @Override
  public void close() {
    k.close();
  }
}
