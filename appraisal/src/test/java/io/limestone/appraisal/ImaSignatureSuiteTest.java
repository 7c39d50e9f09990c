package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaCursor;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Real lists with signatures by an RSA and a secp256k1 key (Keylime's own tests). */
class ImaSignatureSuiteTest {
  private static final JsonObject SUITE =
      Json.object(TestData.read("ima/signature_suite.json").toArray());

  @Test
  void signaturesPassWhateverThePolicyListsAndOnlyWithTheirKeys() {
    String list = SUITE.string("signatures");
    String keys = SUITE.string("verification_keys_string");
    assertThat(accepts(list, Map.of(), keys)).isTrue();
    assertThat(accepts(list, wrongDigests(), keys)).isTrue();
    assertThat(accepts(list, wrongDigests(), "")).isFalse();
    JsonObject both = Json.object(keys.getBytes(StandardCharsets.UTF_8));
    for (int one = 0; one < 2; one++) {
      String alone =
          Json.text(
              Map.of(
                  "keyids", List.of(both.list("keyids").get(one)),
                  "pubkeys", List.of(both.list("pubkeys").get(one))));
      assertThat(accepts(list, wrongDigests(), alone)).as("key %d alone", one).isFalse();
    }
  }

  @Test
  void filesThatAreListedPass() {
    JsonObject good = SUITE.object("policy_ok").object("digests");
    assertThat(accepts(SUITE.string("measurements"), good.members(), "")).isTrue();
    assertThat(accepts(SUITE.string("measurements"), wrongDigests(), "")).isFalse();
  }

  /** A signature with a byte changed is not what was hashed, so that no digest helps. */
  @Test
  void anAlteredSignatureFailsAlsoWhereTheDigestIsListed() {
    String list = SUITE.string("bad_signatures");
    String keys = SUITE.string("verification_keys_string");
    Map<String, Object> listed = new TreeMap<>();
    for (String line : list.lines().filter(one -> !one.isBlank()).toList()) {
      String[] words = line.split(" ", -1);
      listed.put(words[4], List.of(words[3].substring(words[3].indexOf(':') + 1)));
    }
    assertThat(accepts(list, listed, keys)).isFalse();
  }

  @Test
  void aListThatIsNoneSaysSo() {
    assertThat(
            ListAppraisal.appraise(
                    TestData.read("ima/invalid.log"),
                    TestNode.policy(Map.of("excludes", List.of(".*"))),
                    Optional.empty(),
                    ViolationPolicy.IGNORE,
                    10)
                .failures())
        .anyMatch(failure -> failure.eventId().equals("ima.parser.entry"));
  }

  private static Map<String, ?> wrongDigests() {
    return SUITE.object("policy_wrong_digests").object("digests").members();
  }

  /** Behind a first entry, which these lists do without. */
  private static boolean accepts(String list, Map<String, ?> digests, String keys) {
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("digests", digests);
    policy.put("verification-keys", keys);
    RuntimePolicy rules = TestNode.policy(policy);
    Findings findings = new Findings(SeverityPolicy.STRICT);
    ImaJudge judge =
        new ImaJudge(
            Optional.of(rules),
            ViolationPolicy.STRICT,
            findings,
            PcrValues.of(HashAlg.SHA256, Map.of()),
            ImaProgress.NONE);
    ImaCursor cursor = new ImaCursor(bytes(list).toArray(), HashAlg.SHA1);
    long number = 1;
    while (cursor.next()) {
      judge.entry(cursor, number++);
    }
    judge.finish();
    return !findings.failed();
  }
}
