package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.evidence.Span;
import io.limestone.policy.RuntimePolicy.Judgement;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Whatever an upload is: it is refused with a reason, or is a policy that allows what it lists and
 * nothing else, also after it was written again.
 */
class RuntimePolicyFuzzTest {
  private static final Bytes KEY = TestData.read("runtime-policy/dsse/k1.pub.pem");
  private static final Span OTHER_NAME = Span.of(new byte[] {'/', 0, 'x'});
  private static final Span OTHER_DIGEST = Span.of(new byte[28]); // of no length that is listed

  @FuzzTest(maxDuration = "1m")
  void anyTextIsAPolicyThatAllowsWhatItListsOrMalformed(byte[] text) {
    try {
      PolicyDocument document = PolicyDocument.parse(Bytes.of(text));
      RuntimePolicy policy = RuntimePolicy.parse(document.toText());
      PolicyDocument again = PolicyDocument.parse(document.toText());
      assertThat(again.toText()).isEqualTo(document.toText());
      assertListed(document, policy);
      assertThat(policy.file(OTHER_NAME, OTHER_DIGEST)).isNotEqualTo(Judgement.ALLOWED);
      assertThat(policy.key(OTHER_NAME, OTHER_DIGEST)).isNotEqualTo(Judgement.ALLOWED);
      assertThat(policy.buffer(OTHER_NAME, OTHER_DIGEST)).isNotEqualTo(Judgement.ALLOWED);
      if (!SignedPolicy.isEnvelope(Bytes.of(text))) {
        assertSame(RuntimePolicy.parse(Bytes.of(text)), policy);
      }
    } catch (MalformedException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void anyUploadIsAPolicyOrRefusedWithAStatus(byte[] upload) {
    Bytes text = Bytes.of(upload);
    try {
      var unused = RuntimePolicy.ofUpload(text, Optional.empty(), false);
    } catch (PolicyRefusedException e) {
      assertThat(e.status()).isEqualTo(400);
    }
    try {
      var unused = RuntimePolicy.ofUpload(text, Optional.of(KEY), true);
      assertThat(SignedPolicy.parse(text).isSignedBy(PolicyKey.parse(KEY))).isTrue();
    } catch (PolicyRefusedException e) {
      assertThat(e.status()).isIn(400, 401);
    }
  }

  private static void assertListed(PolicyDocument document, RuntimePolicy policy) {
    document
        .table("digests")
        .forEach((name, digests) -> assertAllowed(policy, name, digests.getFirst()));
    document
        .table("keyrings")
        .forEach(
            (name, digests) ->
                assertThat(policy.key(span(name), digest(digests.getLast())))
                    .isEqualTo(Judgement.ALLOWED));
    document
        .table("ima-buf")
        .forEach(
            (name, digests) ->
                assertThat(policy.buffer(span(name), digest(digests.getLast())))
                    .isEqualTo(Judgement.ALLOWED));
  }

  private static void assertAllowed(RuntimePolicy policy, String name, String digest) {
    if (name.startsWith(RuntimePolicy.VERITY)) {
      String file = name.substring(RuntimePolicy.VERITY.length());
      assertThat(policy.verity(span(file), digest(digest))).isEqualTo(Judgement.ALLOWED);
      assertThat(policy.file(span(name), digest(digest))).isNotEqualTo(Judgement.ALLOWED);
    } else {
      assertThat(policy.file(span(name), digest(digest))).isEqualTo(Judgement.ALLOWED);
    }
    assertThat(policy.file(span(name), OTHER_DIGEST)).isNotEqualTo(Judgement.ALLOWED);
  }

  private static void assertSame(RuntimePolicy read, RuntimePolicy again) {
    assertThat(List.of(again.names(), again.digests(), again.generator()))
        .isEqualTo(List.of(read.names(), read.digests(), read.generator()));
    assertThat(again.logHash()).isEqualTo(read.logHash());
    assertThat(again.verificationKeys().ids()).isEqualTo(read.verificationKeys().ids());
    assertThat(again.isEmpty()).isEqualTo(read.isEmpty());
    assertThat(again.excludes(OTHER_NAME)).isEqualTo(read.excludes(OTHER_NAME));
    assertThat(again.ignoresKeyring(OTHER_NAME)).isEqualTo(read.ignoresKeyring(OTHER_NAME));
  }

  private static Span span(String text) {
    return Span.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Span digest(String hex) {
    return Span.of(Bytes.ofHex(hex).toArray());
  }
}
