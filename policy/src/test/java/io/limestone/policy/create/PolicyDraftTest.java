package io.limestone.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.policy.ImaKey;
import io.limestone.policy.RuntimePolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyDraftTest {
  private static final String A = "aa".repeat(32);
  private static final String B = "bb".repeat(32);

  @Test
  void anEmptyPolicyIsThatOfKeylimesTool() {
    assertThat(new PolicyDraft().toText("2023-01-01 00:00:00"))
        .isEqualTo(
            """
            {"meta": {"version": 1, "generator": 3, "timestamp": "2023-01-01 00:00:00"}, "release": 0, "digests": {}, "excludes": [], "keyrings": {}, "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null}, "ima-buf": {}, "verification-keys": ""}"""
                .strip());
  }

  @Test
  void namesKeepTheirOrderAndDigestsAreSortedAndOnce() {
    PolicyDraft draft = new PolicyDraft();
    draft.allow("/z", B);
    draft.allow("/a b", A);
    draft.allow("/z", A);
    draft.allow("/z", B);
    assertThat(draft.toText("t"))
        .contains(
            "\"digests\": {\"/z\": [\"" + A + "\", \"" + B + "\"], \"/a_b\": [\"" + A + "\"]}");
  }

  @Test
  void aBasePolicyIsTakenWithoutItsAge() {
    PolicyDraft first = new PolicyDraft();
    first.allow("/a", A);
    first.exclude(List.of("/tmp/.*", "/run/"));
    first.ignoreKeyrings(List.of(".x"));
    first.allowKey(".ima", A);
    first.allowKey(".x", A);
    first.allowBuffer("buf", B);
    String text = first.toText("then");
    String again = PolicyDraft.of(text.getBytes(StandardCharsets.UTF_8)).toText("now");
    assertThat(again).isEqualTo(text.replace("then", "now")).doesNotContain("\".x\": [");
    assertThat(RuntimePolicy.parse(Bytes.of(text.getBytes(StandardCharsets.UTF_8))).digests())
        .isEqualTo(3);
  }

  @Test
  void namesAreWrittenInAsciiAsPythonDoes() {
    PolicyDraft draft = new PolicyDraft();
    draft.allow("/é\"\\\u0001\ud83d\ude00\u007f", A);
    assertThat(draft.toText("t")).contains("\"/\\u00e9\\\"\\\\\\u0001\\ud83d\\ude00\u007f\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"*", "(", "a(?=b)", "(a{1000}){1000}"})
  void anExpressionThatTheVerifierWouldNotTakeIsRefusedByName(String expression) {
    assertThatThrownBy(
            () -> ExcludeLines.parse(("/tmp/.*\n\n" + expression).getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("exclude expression " + expression);
  }

  @Test
  void aFlatAllowlistSaysWhereItIsWrong() {
    assertThatThrownBy(
            () -> FlatAllowlist.parse((A + "  /a\nzz  /b\n").getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("line 2");
    FlatAllowlist list =
        FlatAllowlist.parse((A + "  /a b\n\nalone\n").getBytes(StandardCharsets.UTF_8));
    assertThat(list.lines()).containsExactly(new FlatAllowlist.Line(A, "/a b"));
    assertThat(list.skipped()).isOne();
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC"})
  void aPrivateKeyAndItsPublicKeyAreTheSameKey(String kind) throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance(kind).generateKeyPair();
    ImaKey fromPublic = ImaKeyFile.parse(pair.getPublic().getEncoded());
    ImaKey fromPrivate = ImaKeyFile.parse(pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    assertThat(fromPrivate.id()).isEqualTo(fromPublic.id());
    assertThat(ImaKeyFile.parse(pem("PUBLIC KEY", pair.getPublic().getEncoded())))
        .isEqualTo(fromPublic);
  }

  @Test
  void whatIsNoKeyIsRefused() {
    for (byte[] file : new byte[][] {new byte[0], {0x30, 0}, pem("PUBLIC KEY", new byte[20])}) {
      assertThatThrownBy(() -> ImaKeyFile.parse(file)).isInstanceOf(MalformedException.class);
    }
  }

  private static byte[] pem(String label, byte[] der) {
    return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n"
        .formatted(label, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der))
        .getBytes(StandardCharsets.US_ASCII);
  }
}
