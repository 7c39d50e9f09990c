package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.RuntimePolicy;
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
  private static final String REMOVE =
      "dm_version=4.45.0;device_active_metadata="
          + DEVICE
          + "active_table_hash=sha256:"
          + HashAlg.SHA256.digest(bytes(LOAD)).hex()
          + ",remove_all=n;current_device_capacity=8;";
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

    node.ima.buf("dm_device_remove", HashAlg.SHA256, bytes(REMOVE));
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
  void aKernelStartedWithKexecSetsUpItsDevicesAnew() {
    TestNode node = node();
    AttestationState state = trusted(load(node).attest(AttestationState.NONE));
    node.ima.bootAggregate();
    load(node);
    Verdict verdict = node.attest(state);
    assertThat(trusted(verdict).ima().devices()).isEqualTo(state.ima().devices());
    assertThat(((Verdict.Trusted) verdict).notes()).anyMatch(note -> note.contains("kexec"));
    trusted(node.attest(AttestationState.NONE)); // the whole list, as after a change of policy
  }

  /** The lists of two attestations meet between the kernels, or between load and resume. */
  @Test
  void aKernelStartedWithKexecBetweenTwoAttestationsIsNoFalseAlarm() {
    TestNode node = node();
    node.runtime =
        Optional.of(policyOf(node, POLICY.replace("\"required\": true", "\"required\": false")));
    AttestationState state = trusted(load(node).attest(AttestationState.NONE));
    node.ima.bootAggregate();
    state = trusted(node.attest(state));
    assertThat(state.ima().devices()).isEqualTo(DmDevices.NONE);
    trusted(load(node).attest(state));
  }

  /**
   * The entry can be forged: its text is known, and root may extend PCR 10. What it lets go is one
   * more load of an allowed table.
   */
  @Test
  void attack20_aForgedBootAggregateGivesNoDeviceAway() {
    TestNode node = node();
    AttestationState state = trusted(load(node).attest(AttestationState.NONE));
    node.ima.bootAggregate();
    untrusted(node.attest(state), "ima.validation.dm.required_policy_not_in_use");
    String hash = HashAlg.SHA256.digest(bytes(LOAD)).hex();
    Map<String, String> deeds =
        Map.of(
            "dm_table_load",
            LOAD.replace("254:2", "9:9"),
            "dm_device_resume",
            RESUME,
            "dm_device_remove",
            REMOVE,
            "dm_table_clear",
            "dm_version=4.45.0;"
                + DEVICE
                + "inactive_table_hash=sha256:"
                + hash
                + ";current_device_capacity=8;",
            "dm_device_rename",
            "dm_version=4.45.0;" + DEVICE + "new_name=x,new_uuid=;current_device_capacity=8;");
    Map<String, String> found =
        Map.of(
            "dm_table_load", "dm_table_load.target_data_invalid",
            "dm_device_resume", "dm_device_resume.resume_before_table_load",
            "dm_device_remove", "dm_device_remove.remove_before_table_load",
            "dm_table_clear", "dm_table_clear.clear_before_table_load",
            "dm_device_rename", "dm_device_rename.rename_before_table_load");
    deeds.forEach(
        (event, data) -> {
          TestNode forging = node();
          AttestationState before = trusted(load(forging).attest(AttestationState.NONE));
          forging.ima.bootAggregate().buf(event, HashAlg.SHA256, bytes(data));
          untrusted(forging.attest(before), "ima.validation.dm." + found.get(event));
        });
  }

  @Test
  void attack20_whereKexecIsNotAllowedAFurtherBootAggregateIsUntrusted() {
    TestNode node = node();
    node.runtime =
        Optional.of(
            policyOf(node, POLICY.replace("\"rules\"", "\"allow_kexec\": false, \"rules\"")));
    AttestationState state = trusted(load(node).attest(AttestationState.NONE));
    node.ima.bootAggregate();
    load(node);
    untrusted(node.attest(state), "ima.validation.dm.kexec");
    untrusted(node.attest(AttestationState.NONE), "ima.validation.dm.kexec");
  }

  /**
   * The device mapper names tables by SHA-256, IMA hashes what it measures by {@code ima_hash=}.
   */
  @Test
  void aKernelThatMeasuresBySha512IsNoFalseAlarm() {
    TestNode node = node();
    node.ima.buf("dm_table_load", HashAlg.SHA512, bytes(LOAD));
    node.ima.buf("dm_device_resume", HashAlg.SHA512, bytes(RESUME));
    trusted(node.attest(AttestationState.NONE));
  }

  @Test
  void aSecondLoadWithoutKexecIsUntrusted() {
    TestNode node = node();
    AttestationState state = trusted(load(node).attest(AttestationState.NONE));
    untrusted(load(node).attest(state), "ima.validation.dm.dm_table_load.multiple_table_loads");
  }

  private static TestNode load(TestNode node) {
    node.ima.buf("dm_table_load", HashAlg.SHA256, bytes(LOAD));
    node.ima.buf("dm_device_resume", HashAlg.SHA256, bytes(RESUME));
    return node;
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
    node.runtime = Optional.of(policyOf(node, POLICY));
    return node;
  }

  private static RuntimePolicy policyOf(TestNode node, String devices) {
    Map<String, Object> digests = new TreeMap<>();
    for (String line : node.ima.text().lines().toList()) {
      String[] words = line.split(" ", 5);
      digests.put(words[4].strip(), List.of(words[3].substring(words[3].indexOf(':') + 1)));
    }
    return TestNode.policy(Map.of("digests", digests, "dm-policy", Json.object(devices)));
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
