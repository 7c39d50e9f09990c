package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.security.PublicKey;

/** Whatever the bytes are: only what the key signed is taken for signed, and keys are EC keys. */
class SignedPolicyFuzzTest {
  private static final PublicKey KEY =
      PolicyKey.parse(TestData.read("runtime-policy/dsse/k1.pub.pem"));
  private static final Bytes SIGNED =
      SignedPolicy.parse(TestData.read("runtime-policy/dsse/ecdsa-p256.json")).preAuthentication();

  @FuzzTest(maxDuration = "1m")
  void anyTextIsAnEnvelopeOrMalformed(byte[] text) {
    try {
      SignedPolicy envelope = SignedPolicy.parse(Bytes.of(text));
      assertThat(SignedPolicy.parse(envelope.toJson())).isEqualTo(envelope);
      assertThat(SignedPolicy.isEnvelope(envelope.toJson()))
          .isEqualTo(envelope.payload().size() > 0);
      // The key signed one thing in all.
      if (envelope.isSignedBy(KEY)) {
        assertThat(envelope.preAuthentication()).isEqualTo(SIGNED);
      }
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyPemIsAnEcKeyOrMalformed(byte[] pem) {
    try {
      assertThat(PolicyKey.parse(Bytes.of(pem)).getAlgorithm()).isEqualTo("EC");
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }
}
