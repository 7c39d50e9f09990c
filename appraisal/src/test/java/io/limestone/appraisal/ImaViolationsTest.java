package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Attack 18: both kinds of violation, and who may ignore which. */
class ImaViolationsTest {
  private static final String VIOLATION = "ima.validation.tomtou";
  private static final ViolationPolicy ONLY_WRITERS = new ViolationPolicy(false, true);
  private static final ViolationPolicy ONLY_TOMTOU = new ViolationPolicy(true, false);

  @Test
  void attack18_aMeasurementOfTheSameFileSoonAfterMakesItOpenWriters() {
    TestNode node = TestNode.withFiles("/bin/a", "/bin/b");
    node.ima.violation("/bin/a").file("/bin/b", "/bin/b").file("/bin/a", "/bin/a");
    assertThat(kind(node, ViolationPolicy.STRICT)).isEqualTo("open writers");
    assertThat(kind(node, ONLY_TOMTOU)).isEqualTo("open writers");
    assertThat(notes(node, ONLY_WRITERS))
        .anyMatch(note -> note.contains("(open writers), ignored: /bin/a"));
  }

  @Test
  void attack18_withoutOneItIsToMToU() {
    TestNode node = TestNode.withFiles("/bin/a", "/bin/b");
    node.ima.violation("/bin/a");
    for (int i = 0; i <= ImaViolations.AHEAD; i++) {
      node.ima.file("/bin/b", "/bin/b");
    }
    node.ima.file("/bin/a", "/bin/a");
    assertThat(kind(node, ViolationPolicy.STRICT)).isEqualTo("ToMToU");
    assertThat(kind(node, ONLY_WRITERS)).isEqualTo("ToMToU");
    assertThat(notes(node, ONLY_TOMTOU))
        .anyMatch(note -> note.contains("(ToMToU), ignored: /bin/a"));
  }

  @Test
  void attack18_oneMeasurementExplainsOneViolation() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.violation("/bin/a").violation("/bin/a").file("/bin/a", "/bin/a");
    assertThat(kind(node, ONLY_WRITERS)).isEqualTo("ToMToU or open writers");
  }

  @Test
  void attack18_atTheEndOfTheListItIsIgnoredOnlyWhereBothKindsAre() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.violation("/bin/a");
    for (ViolationPolicy rules : List.of(ViolationPolicy.STRICT, ONLY_WRITERS, ONLY_TOMTOU)) {
      assertThat(kind(node, rules)).isEqualTo("ToMToU or open writers");
    }
    assertThat(notes(node, ViolationPolicy.IGNORE)).anyMatch(note -> note.contains("/bin/a"));
  }

  @Test
  void attack18_aBufferOfThatNameExplainsNothing() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.runtime =
        Optional.of(TestNode.policy(Map.of("excludes", List.of("boot_aggregate", "/bin/a"))));
    node.ima.violation("/bin/a").buf("/bin/a", HashAlg.SHA256, bytes("x"));
    assertThat(kind(node, ONLY_WRITERS)).isEqualTo("ToMToU or open writers");
  }

  private static Object kind(TestNode node, ViolationPolicy rules) {
    node.violations = rules;
    return untrusted(node.attest(AttestationState.NONE), VIOLATION)
        .worst()
        .context()
        .string("kind");
  }

  private static List<String> notes(TestNode node, ViolationPolicy rules) {
    node.violations = rules;
    return trusted(node.attest(AttestationState.NONE)).notes();
  }
}
