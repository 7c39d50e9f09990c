package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.evidence.DmEvent;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.Span;
import io.limestone.policy.DmPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The device mapper's entries against the recorded answers (ima.md §8). */
class DmVectorsTest {
  private static final JsonObject VECTORS =
      Json.object(TestData.read("ima/dm_vectors.json").toArray());

  @TestFactory
  Stream<DynamicTest> everySequenceGivesTheRecordedEventsAndDevices() {
    return VECTORS.list("sequences").stream()
        .map(JsonObject.class::cast)
        .map(one -> DynamicTest.dynamicTest(one.string("name"), () -> sequence(one)));
  }

  private static void sequence(JsonObject vector) {
    Findings findings = new Findings(SeverityPolicy.STRICT);
    DmJudge judge = new DmJudge(policy(vector.string("policy")), findings, DmDevices.NONE);
    int seen = 0;
    for (Object one : vector.list("results")) {
      JsonObject result = (JsonObject) one;
      judge.entry(entry(result.string("entry")));
      assertThat(ids(findings, seen)).containsExactlyElementsOf(result.strings("events"));
      seen = findings.failures().size();
    }
    judge.finish();
    assertThat(ids(findings, seen)).containsExactlyElementsOf(vector.strings("final_invalid"));
    JsonObject devices = vector.object("devices");
    assertThat(judge.devices().byKey().keySet()).isEqualTo(devices.names());
    for (String key : devices.names()) {
      assertThat(judge.devices().byKey().get(key))
          .satisfies(
              device -> {
                assertThat(device.active()).isEqualTo(devices.object(key).bool("active"));
                assertThat(device.valid()).isEqualTo(devices.object(key).bool("valid_state"));
              });
    }
    assertThat(DmDevices.fromJson(judge.devices().toJson())).isEqualTo(judge.devices());
  }

  @Test
  void everyEventIsReadAndNoneWithSomethingMissing() {
    JsonObject entries = VECTORS.object("entries");
    for (String name : entries.names()) {
      ImaCursor cursor = entry(name);
      Span event = Span.of(cursor.name().toArray());
      byte[] data = cursor.extra().toArray();
      assertThat(DmEvent.parse(event, Span.of(data))).isNotNull();
      String text = new String(data, StandardCharsets.ISO_8859_1);
      int end = text.stripTrailing().length();
      for (int cut = 0; cut < end; cut++) {
        Span shorter = Span.of(text.substring(0, cut).getBytes(StandardCharsets.ISO_8859_1));
        if (!text.substring(0, cut).endsWith(";") || !text.substring(cut).startsWith("target_")) {
          assertThatThrownBy(() -> DmEvent.parse(event, shorter))
              .as("%s cut at %d", name, cut)
              .isInstanceOf(MalformedException.class);
        }
      }
      assertThatThrownBy(
              () ->
                  DmEvent.parse(event, Span.of((text + "x").getBytes(StandardCharsets.ISO_8859_1))))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void aResumeOfAnotherTableThanTheOneLoadedIsFound() {
    Findings findings = new Findings(SeverityPolicy.STRICT);
    DmDevices other =
        DmDevices.NONE.with(
            "CRYPT-VERITY-c76d07343d3a49b5ab01025d3b354df5-test",
            new DmDevices.Device("example", false, false, "sha256:" + "0".repeat(64)));
    DmJudge judge = new DmJudge(policy("verity"), findings, other);
    judge.entry(entry("device_resume"));
    assertThat(ids(findings, 0))
        .containsExactly("ima.validation.dm.dm_device_resume.active_table_mismatch");
  }

  @Test
  void aCorruptBlockThatVerityReportsIsFound() {
    Findings findings = new Findings(SeverityPolicy.STRICT);
    DmJudge judge = new DmJudge(policy("verity"), findings, DmDevices.NONE);
    for (String name : List.of("table_load_verity", "device_resume", "target_update_verity")) {
      judge.entry(entry(name));
    }
    assertThat(ids(findings, 0))
        .containsExactly(
            "ima.validation.dm.dm_target_update.target_data_invalid",
            "ima.validation.dm.dm_target_update.target_data_mismatch");
  }

  @Test
  void renamingFollowsTheRuleAndTheDeviceIsKnownByItsNewName() {
    Findings findings = new Findings(SeverityPolicy.STRICT);
    DmJudge judge = new DmJudge(policy("linear"), findings, DmDevices.NONE);
    for (String name : List.of("linear_table_load", "linear_device_resume", "linear_rename_name")) {
      judge.entry(entry(name));
    }
    assertThat(ids(findings, 0)).isEmpty();
    assertThat(judge.devices().byKey()).containsOnlyKeys("test2");
    judge.entry(entry("linear_rename_uuid"));
    assertThat(ids(findings, 0))
        .containsExactly("ima.validation.dm.dm_device_rename.new_uuid_invalid");
    assertThat(judge.devices().byKey().values()).noneMatch(DmDevices.Device::valid);
  }

  private static DmPolicy policy(String name) {
    return TestNode.policy(Map.of("dm-policy", VECTORS.object("policies").object(name))).devices();
  }

  private static ImaCursor entry(String name) {
    String line = VECTORS.object("entries").string(name);
    ImaCursor cursor = new ImaCursor(line.getBytes(StandardCharsets.UTF_8), HashAlg.SHA1);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.hashMatches()).isTrue();
    return cursor;
  }

  private static List<String> ids(Findings findings, int from) {
    List<String> ids = new ArrayList<>();
    findings.failures().stream().skip(from).forEach(failure -> ids.add(failure.eventId()));
    return ids;
  }

  @Test
  void rulesThatCannotWorkAreRefusedWithTheirPlace() {
    Map<String, Object> policy =
        new LinkedHashMap<>(VECTORS.object("policies").object("verity").members());
    policy.put("match_on", "path");
    assertThatThrownBy(() -> TestNode.policy(Map.of("dm-policy", policy)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("dm-policy.match_on");
    policy.put("match_on", "uuid");
    policy.put("rule", Map.of());
    assertThatThrownBy(() -> TestNode.policy(Map.of("dm-policy", policy)))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("'rule' is not known");
    RuntimePolicy without = TestNode.policy(Map.of());
    assertThat(without.devices().isEmpty()).isTrue();
  }
}
