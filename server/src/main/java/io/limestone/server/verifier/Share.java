package io.limestone.server.verifier;

import io.limestone.keylime.NodeId;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;

/** Which nodes come first when a policy is rolled out. */
final class Share {
  private Share() {}

  /**
   * Whether a node is among the first {@code percent} of those that use the policy: by a hash of
   * its id, so that it stays among them, and a larger share only adds nodes. Other policies have
   * other nodes first.
   */
  static boolean includes(NodeId id, String policy, int percent) {
    byte[] text = (policy + " " + id.value()).getBytes(StandardCharsets.UTF_8);
    byte[] digest = HashAlg.SHA256.digest(Bytes.of(text)).toArray();
    int place = (digest[0] & 0xff) << 16 | (digest[1] & 0xff) << 8 | (digest[2] & 0xff);
    return place % 100 < percent;
  }
}
