package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Device-mapper rules over several attestations of a node. */
class DmAttestationTest {
  private static final String DEVICE =
      "name=data,uuid=CRYPT-VERITY-1,major=253,minor=0,minor_count=1,num_targets=1;";
  private static final String LOAD =
      "dm_version=4.45.0;"
          + DEVICE
          + "target_index=0,target_begin=0,target_len=8,target_name=linear,target_version=1.4.0,"
          + "device_name=254:2,start=0;";
  private static final String RESUME =
      "dm_version=4.45.0;"
          + DEVICE
          + "active_table_hash=sha256:"
          + HashAlg.SHA256.digest(bytes(LOAD)).hex()
          + ";current_device_capacity=8;";
  private static final String POLICY =
      """
      {"version": 1, "match_on": "name", "rules": {"data": {
        "required": true, "device_resume_required": true,
        "device_rename": {"valid_name": false, "valid_uuid": false},
        "device_remove": {"allow_removal": false}, "allow_clear": false,
        "table_load": {"allow_multiple_loads": false, "name": "data", "uuid": "CRYPT-VERITY-.*",
          "targets": [{"target_name": "linear", "start": 0, "device_name": "254:[0-9]"}]}}}}
      """;

  @Test
  void aDeviceAsDemandedIsTrustedAndItsStateGoesOnOverAttestationsAndStorage() {
    TestNode node = node();
    node.ima.buf("dm_table_load", HashAlg.SHA256, bytes(LOAD));
    node.ima.buf("dm_device_resume", HashAlg.SHA256, bytes(RESUME));
    AttestationState state = trusted(node.attest(AttestationState.NONE));
    AttestationState stored = AttestationState.fromJson(Json.object(Json.bytes(state.toJson())));
    assertThat(stored).isEqualTo(state);
    node.ima.file("/bin/a", "/bin/a");
    AttestationState next = trusted(node.attest(stored));
    assertThat(next.ima().devices()).isEqualTo(state.ima().devices());

    String remove =
        "dm_version=4.45.0;device_active_metadata="
            + DEVICE
            + "active_table_hash=sha256:"
            + HashAlg.SHA256.digest(bytes(LOAD)).hex()
            + ",remove_all=n;current_device_capacity=8;";
    node.ima.buf("dm_device_remove", HashAlg.SHA256, bytes(remove));
    untrusted(node.attest(next), "ima.validation.dm.dm_device_remove.device_removed");
  }

  @Test
  void aDeviceThatIsSeenBeyondTheQuoteIsNotLoadedTwiceNextTime() {
    TestNode node = node();
    node.ima.buf("dm_table_load", HashAlg.SHA256, bytes(LOAD));
    Evidence early = node.answer(0);
    node.ima.buf("dm_device_resume", HashAlg.SHA256, bytes(RESUME));
    Evidence grown =
        node.evidence(early.quote(), Optional.of(new ImaSlice(bytes(node.ima.text()), 0)));
    AttestationState state = trusted(node.appraise(grown, AttestationState.NONE));
    trusted(node.attest(state));
  }

  @Test
  void aRequiredDeviceThatIsNotThereIsUntrusted() {
    untrusted(node().attest(AttestationState.NONE), "ima.validation.dm.required_policy_not_in_use");
  }

  @Test
  void aDeviceWithoutARuleIsUntrustedDespiteExcludesAndBuffers() {
    TestNode node = node();
    Bytes other = bytes(LOAD.replace("name=data", "name=evil"));
    node.runtime =
        Optional.of(
            TestNode.policy(
                Map.of(
                    "digests",
                        Map.of("/bin/a", List.of(HashAlg.SHA256.digest(bytes("/bin/a")).hex())),
                    "excludes", List.of(".*"),
                    "ima-buf", Map.of("dm_table_load", List.of(HashAlg.SHA256.digest(other).hex())),
                    "dm-policy", rules())));
    node.ima.buf("dm_table_load", HashAlg.SHA256, other);
    untrusted(
        node.attest(AttestationState.NONE), "ima.validation.dm.dm_table_load.no_matching_policy");
  }

  @Test
  void dataThatTheDigestIsNotOfIsUntrusted() {
    TestNode node = node();
    node.ima.buf("dm_table_load", HashAlg.SHA256, bytes(LOAD + "x"));
    untrusted(node.attest(AttestationState.NONE), "ima.validation.dm.parsing_failed");
  }

  private static TestNode node() {
    TestNode node = TestNode.withFiles("/bin/a");
    Map<String, Object> digests = new TreeMap<>();
    for (String line : node.ima.text().lines().toList()) {
      String[] words = line.split(" ", 5);
      digests.put(words[4].strip(), List.of(words[3].substring(words[3].indexOf(':') + 1)));
    }
    node.runtime = Optional.of(TestNode.policy(Map.of("digests", digests, "dm-policy", rules())));
    return node;
  }

  private static JsonObject rules() {
    return Json.object(POLICY);
  }

  private static AttestationState trusted(Verdict verdict) {
    assertThat(verdict).isInstanceOf(Verdict.Trusted.class);
    return ((Verdict.Trusted) verdict).next();
  }

  private static void untrusted(Verdict verdict, String eventId) {
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Verdict.Untrusted.class,
            one -> assertThat(one.failures()).anyMatch(f -> f.eventId().equals(eventId)));
  }
}
