package io.limestone.server.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.limestone.testkit.HostileAgent;
import io.limestone.wire.Encoding;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A runtime policy of a million files, over the route by which every policy comes. */
class LargePolicyTest {
  private static final int FILES = 1_000_000;

  @TempDir Path home;

  @Test
  void aPolicyOfAMillionDigestsIsTakenAndJudgesNodes() throws Exception {
    try (Scene scene =
        Scene.start(
            home,
            "verifier.max_upload_size",
            "268435456",
            "server.upload_timeout",
            "300",
            "server.handling_timeout",
            "300")) {
      assertThat(
              scene
                  .call(
                      "POST", "/v2.6/allowlists/large", Scene.object(Scene.runtimePolicy(policy())))
                  .statusCode())
          .isEqualTo(201);
      List<HostileAgent> nodes = List.of(scene.agent("node-1"), scene.agent("node-2"));
      nodes.get(0).agent().ima().bootAggregate().file("/bin/good", "good");
      nodes.get(1).agent().ima().bootAggregate().file("/bin/evil", "evil");
      for (HostileAgent node : nodes) {
        scene.enrolled(
            node, Map.of("runtime_policy_name", "large", "tpm_policy", "{\"mask\":\"0x400\"}"));
      }
      scene.awaitAttested(nodes.get(0), 2);
      await()
          .atMost(Scene.PATIENCE)
          .until(() -> scene.status(nodes.get(1)).string("attestation_status").equals("FAIL"));
    }
  }

  /** Different digests of SHA-256, the policy of the other tests among them. */
  private static String policy() {
    StringBuilder text = new StringBuilder(96 * FILES);
    byte[] digest = new byte[32];
    for (int i = 0; i < FILES; i++) {
      for (int at = 0, n = i; at < 4; at++, n >>>= 8) {
        digest[at] = (byte) n;
      }
      text.append("\"/usr/lib/")
          .append(i)
          .append("\":[\"")
          .append(Encoding.hex(digest))
          .append("\"],");
    }
    return TestKeys.POLICY.replace("\"/bin/good\"", text + "\"/bin/good\"");
  }
}
