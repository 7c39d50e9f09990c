package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.policy.create.AlgorithmChoice;
import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.policy.create.ExcludeLines;
import io.limestone.policy.create.FlatAllowlist;
import io.limestone.policy.create.MeasuredFiles;
import io.limestone.policy.create.PolicyDraft;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The files that Keylime's policy tools are tested with, and what they make of them (its versions
 * 7.14.3, and the older keylime_create_policy).
 */
class PeersFilesTest {
  private static final String TOOL = "policy-tool/";
  private static final List<String> ALGORITHMS = List.of("sha1", "sha256", "sha512", "sm3_256");
  private static final String THEN = "2023-01-01 00:00:00";

  static Stream<List<String>> pairs() {
    return ALGORITHMS.stream()
        .flatMap(one -> ALGORITHMS.stream().map(other -> List.of(one, other)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha1", "sha256", "sha512", "sm3_256"})
  void theAlgorithmIsTakenFromTheFirstDigest(String name) {
    Said exact = AlgorithmChoice.ofOption(name);
    Said byLength = name.endsWith("256") ? new Said.Sha256OrSm3() : exact;
    assertThat(list(TOOL + "ima-log-" + name).algorithm()).isEqualTo(exact);
    assertThat(FlatAllowlist.parse(bytes(TOOL + "allowlist-" + name)).algorithm())
        .isEqualTo(byLength);
    assertThat(PolicyDraft.of(bytes(TOOL + "policy-" + name + ".json")).algorithm())
        .isEqualTo(byLength);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void aBasePolicyAnAllowListAndAListMustAgree(List<String> names) {
    AlgorithmChoice choice = new AlgorithmChoice();
    Said base = PolicyDraft.of(bytes(TOOL + "policy-" + names.get(0) + ".json")).algorithm();
    Said list = list(TOOL + "ima-log-" + names.get(1)).algorithm();
    boolean bothOf64Digits = names.stream().allMatch(name -> name.endsWith("256"));
    if (names.get(0).equals(names.get(1)) || bothOf64Digits) {
      assertThat(choice.take("base policy", base).take("IMA measurement list", list).result())
          .isEqualTo(AlgorithmChoice.named(names.get(1)).orElseThrow());
    } else {
      assertThatThrownBy(
              () -> choice.take("base policy", base).take("IMA measurement list", list).result())
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining("does not match the previously set");
    }
  }

  /** Keylime takes the zeros of a violation for a digest that a policy may list. */
  @Test
  void aViolationsZerosAreNoDigest() {
    for (String name : List.of("sha1", "sha512")) {
      MeasuredFiles files = list(TOOL + "ima-log-" + name);
      assertThat(files.files()).extracting(MeasuredFiles.Named::name).containsExactly("/data");
    }
  }

  @Test
  void anAllowListIsMergedIntoABasePolicyOnce() {
    PolicyDraft draft = PolicyDraft.of(shared(TOOL + "kp-base_policy.json"));
    FlatAllowlist list = FlatAllowlist.parse(shared(TOOL + "kp-allowlist.txt"));
    list.lines().forEach(line -> draft.allow(line.path(), line.digest()));
    draft.exclude(ExcludeLines.parse(shared(TOOL + "kp-excludelist.txt")));
    PolicyDocument merged = document(draft.toText(THEN));
    assertThat(merged.table("digests").get("test"))
        .containsExactly("f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2");
    assertThat(merged.excludes()).containsExactly("test");
    assertThat(merged.table("digests")).containsKey("boot_aggregate");
  }

  @Test
  void aPolicyOfNothingIsThatOfTheTool() {
    assertThat(new PolicyDraft().toText(THEN)).isEqualTo(text("test1-output1.json"));
  }

  @Test
  void aPolicyOfSignedFilesIsThatOfTheTool() {
    PolicyDraft draft = new PolicyDraft();
    list("policy-tool/test2-ascii_runtime_measurements-1.log")
        .files()
        .forEach(file -> draft.allow(file.name(), file.digest()));
    assertThat(draft.toText(THEN)).isEqualTo(text("test2-output1.json"));
  }

  @Test
  void buffersAndKeyringsOfAListAreThoseOfTheTool() {
    MeasuredFiles measured = list("policy-tool/test2-ascii_runtime_measurements-2.log");
    PolicyDraft buffers = PolicyDraft.of(shared("policy-tool/test2-output1.json"));
    PolicyDraft keys = PolicyDraft.of(shared("policy-tool/test2-output1.json"));
    keys.ignoreKeyrings(List.of(".builtin_trusted_keys"));
    for (MeasuredFiles.Buffer one : measured.buffers()) {
      if (one.key()) {
        keys.allowKey(one.name(), one.digest());
      } else {
        buffers.allowBuffer(one.name(), one.digest());
      }
    }
    assertSame(buffers.toText(THEN), text("test2-output3.json"));
    assertSame(keys.toText(THEN), text("test2-output5.json"));
  }

  @Test
  void aPolicyOfAnAllowListIsThatOfTheTool() {
    PolicyDraft draft = new PolicyDraft();
    FlatAllowlist.parse(shared("policy-tool/test4-allowlist-1"))
        .lines()
        .forEach(line -> draft.allow(line.path(), line.digest()));
    assertThat(draft.toText(THEN)).isEqualTo(text("test4-output1.json"));
  }

  @Test
  void aListWithKeyringsIsReadWhole() {
    MeasuredFiles measured = list("ima/policy-tool-5.log");
    assertThat(measured.unusable()).isZero();
    assertThat(measured.files()).hasSize(2);
    assertThat(measured.buffers())
        .extracting(MeasuredFiles.Buffer::key)
        .containsExactlyInAnyOrder(true, true, false);
  }

  /** Its older command signs it all the same; what no digest can be equal to allows nothing. */
  @Test
  void theSampleThatThePeersSchemaRefusesIsRefusedWithItsPlace() {
    assertThatThrownBy(
            () -> RuntimePolicy.parse(TestData.read("runtime-policy/runtime-policy-test.json")))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("digests[boot_aggregate][0]")
        .hasMessageContaining("line 1");
  }

  @Test
  void whatCannotBeSignedIsRefused() {
    String folder = "runtime-policy/sign/";
    assertThat(RuntimePolicy.parse(TestData.read(folder + "runtime-policy.json")).digests())
        .isPositive();
    assertThatThrownBy(
            () -> RuntimePolicy.parse(TestData.read(folder + "runtime-policy-bogus.json")))
        .isInstanceOf(MalformedException.class);
    // Valid, and says nothing; Keylime signs it too, and neither verifier trusts by it.
    assertThat(RuntimePolicy.parse(TestData.read(folder + "runtime-policy-empty.json")).isEmpty())
        .isTrue();
    assertThat(PolicyKey.parse(TestData.read(folder + "ec-p521-public.pem")).getAlgorithm())
        .isEqualTo("EC");
  }

  private static void assertSame(String made, String expected) {
    assertThat(Json.object(made.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(Json.object(expected.getBytes(StandardCharsets.UTF_8)));
  }

  private static PolicyDocument document(String text) {
    return PolicyDocument.parse(io.limestone.wire.Bytes.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static MeasuredFiles list(String name) {
    return MeasuredFiles.parse(name.contains("ima-log-") ? bytes(name) : shared(name));
  }

  private static byte[] bytes(String name) {
    return TestData.read(name).toArray();
  }

  private static byte[] shared(String name) {
    return TestData.shared(name).toArray();
  }

  private static String text(String name) {
    return new String(shared(TOOL + name), StandardCharsets.UTF_8).strip();
  }
}
