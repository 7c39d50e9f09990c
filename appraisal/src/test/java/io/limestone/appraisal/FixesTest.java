package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.boot.BootLog;
import io.limestone.policy.Fix;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyPatch;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.BootPolicyMaker;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From failures to a patch, and from the patched policy to acceptance. */
class FixesTest {
  private static final int MANY = 10_000;

  /** All templates' entries, and keys and buffers, of real machines. */
  @ParameterizedTest
  @ValueSource(strings = {"ima/rust-agent-826.log", "ima/one-entry.log"})
  void anEmptyPolicyPatchedForAListAcceptsWhatAPolicyCanAccept(String name) {
    Bytes list = TestData.read(name);
    PolicyDocument empty = PolicyDocument.empty("2026-01-01 00:00:00");
    List<Failure> before = judge(list, empty);
    assertThat(before).isNotEmpty();
    List<Failure> after = judge(list, patch(before).runtime().apply(empty));
    assertThat(after).allSatisfy(one -> assertThat(fix(one)).isEqualTo(new Fix.None()));
    assertThat(after.size()).isLessThan(before.size());
  }

  @Test
  void filesKeysAndBuffersAreListedAndNothingElseIs() {
    TestNode node = new TestNode();
    node.ima.bootAggregate().file("/usr/bin/x", "x").file("/usr/bin/x", "other");
    node.ima.buf(
        "kexec-cmdline", HashAlg.SHA256, Bytes.of("quiet".getBytes(StandardCharsets.UTF_8)));
    PolicyDocument empty = PolicyDocument.empty("2026-01-01 00:00:00");
    Bytes list = Bytes.of(node.ima.text().getBytes(StandardCharsets.UTF_8));
    PolicyPatch patch = patch(judge(list, empty));
    assertThat(patch.runtime().additions()).containsOnlyKeys("digests", "ima-buf");
    assertThat(patch.runtime().additions().get("digests"))
        .containsOnlyKeys("boot_aggregate", "/usr/bin/x")
        .hasEntrySatisfying("/usr/bin/x", both -> assertThat(both).hasSize(2));
    PolicyDocument changed = patch.runtime().apply(empty);
    assertThat(judge(list, changed)).isEmpty();
    assertThat(changed.excludes()).isEmpty();
  }

  @Test
  void aViolationStaysWhateverThePolicyBecomes() {
    TestNode node = new TestNode();
    node.ima.bootAggregate().violation("/var/log/x");
    Bytes list = Bytes.of(node.ima.text().getBytes(StandardCharsets.UTF_8));
    PolicyDocument empty = PolicyDocument.empty("2026-01-01 00:00:00");
    List<Failure> left = judge(list, patch(judge(list, empty)).runtime().apply(empty));
    assertThat(left)
        .singleElement()
        .satisfies(one -> assertThat(fix(one)).isEqualTo(new Fix.None()));
  }

  @Test
  void aFailureHasTheLineOfItsEntry() {
    TestNode node = new TestNode();
    node.ima.bootAggregate().file("/usr/bin/x", "x");
    Bytes list = Bytes.of(node.ima.text().getBytes(StandardCharsets.UTF_8));
    assertThat(judge(list, PolicyDocument.empty("2026-01-01 00:00:00")).getLast().context())
        .extracting(context -> context.string("line"))
        .isEqualTo(node.ima.text().lines().toList().getLast());
  }

  /** Any machine's policy becomes another's too by one patch, as far as it allows. */
  @ParameterizedTest
  @ValueSource(strings = {"intel_svr", "puiterwijk", "thyme-eventlog", "ideapad1"})
  void aBootPolicyPatchedForABootAcceptsIt(String name) {
    Bytes mine = TestData.read("uefi/keylime-secureboot.bin");
    Bytes other = TestData.read("uefi/" + name + ".bin");
    JsonObject document =
        BootPolicyMaker.make(List.of(BootLog.parse(mine).measured(HashAlg.SHA256))).document();
    List<Failure> failures = judge(other, document);
    assertThat(failures).isNotEmpty();
    document = allowing(failures).boot().apply(document);
    failures = judge(other, document);
    assertThat(allowing(failures).isEmpty()).isTrue();
    assertThat(failures)
        .as("only what the policy demands, and does not just allow")
        .allSatisfy(
            one ->
                assertThat(one.check())
                    .containsAnyOf(
                        "dbx", "SbatLevel", "command line is known", "Secure Boot is on"));
    assertThat(judge(mine, document)).as("and still the first one").isEmpty();
  }

  private static List<Failure> judge(Bytes list, PolicyDocument policy) {
    return ListAppraisal.appraise(
            list,
            RuntimePolicy.parse(policy.toText()),
            Optional.empty(),
            ViolationPolicy.STRICT,
            MANY)
        .failures();
  }

  private static List<Failure> judge(Bytes log, JsonObject policy) {
    return BootCheck.judge(
            BootPolicy.of("accept-all", Json.text(policy)), log, HashAlg.SHA256, Map.of())
        .failures();
  }

  private static Fix fix(Failure failure) {
    return Fix.of(failure.context());
  }

  private static PolicyPatch allowing(List<Failure> failures) {
    return patch(
        failures.stream()
            .filter(one -> !(fix(one) instanceof Fix.Changed changed && changed.weakens()))
            .toList());
  }

  private static PolicyPatch patch(List<Failure> failures) {
    return PolicyPatch.of(
        Optional.empty(), Optional.empty(), failures.stream().map(FixesTest::fix).toList());
  }
}
