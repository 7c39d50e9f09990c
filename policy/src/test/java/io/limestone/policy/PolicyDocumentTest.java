package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import io.limestone.policy.Complaint.Level;
import io.limestone.policy.PolicyDiff.Difference;
import io.limestone.policy.PolicyDiff.Kind;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Policies as documents: compared, merged, changed, read from old forms, and looked through. */
class PolicyDocumentTest {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);
  private static final String SHA1 = "c".repeat(40);
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 26, 12, 0);
  private static final String TODAY = "2026-11-26 11:00:00.000000";

  @Test
  void mergingAllowsWhatEitherAllows() {
    PolicyDocument one = files(Map.of("/bin/a", List.of(A), "/bin/b", List.of(B)));
    PolicyDocument two =
        files(Map.of("/bin/a", List.of(B), "/bin/c", List.of(A)))
            .with("excludes", List.of("/tmp/"))
            .with("owner", "web team");
    PolicyDocument merged = one.merge(two);
    assertThat(merged.table("digests"))
        .containsEntry("/bin/a", List.of(A, B))
        .containsEntry("/bin/b", List.of(B))
        .containsEntry("/bin/c", List.of(A));
    assertThat(merged.excludes()).containsExactly("/tmp/");
    assertThat(PolicyDocument.parse(merged.toText()).json()).isEqualTo(merged.json());
    assertThat(two.merge(one).json().string("owner")).isEqualTo("web team");
  }

  @Test
  void differencesAreToldByPartAndName() {
    PolicyDocument before = files(Map.of("/bin/a", List.of(A), "/bin/b", List.of(B)));
    PolicyDocument after =
        files(Map.of("/bin/a", List.of(B), "/bin/c", List.of(A)))
            .with("excludes", List.of("/tmp/"));
    assertThat(PolicyDiff.of(before, after))
        .containsExactly(
            new Difference(Kind.CHANGED, "digests", "/bin/a", List.of(A), List.of(B)),
            new Difference(Kind.REMOVED, "digests", "/bin/b", List.of(B), List.of()),
            new Difference(Kind.ADDED, "digests", "/bin/c", List.of(), List.of(A)),
            new Difference(Kind.ADDED, "excludes", "/tmp/", List.of(), List.of("/tmp/")));
    assertThat(PolicyDiff.of(before, before)).isEmpty();
  }

  /** The id in a policy is what its author writes there: another key may have it. */
  @Test
  void attack42_aKeyReplacedUnderItsIdIsADifference() throws Exception {
    PolicyDocument before = files(Map.of("/bin/a", List.of(A))).with("verification-keys", keys());
    PolicyDocument after = before.with("verification-keys", keys());
    assertThat(before.verificationKeys().ids()).isEqualTo(after.verificationKeys().ids());
    assertThat(PolicyDiff.of(before, after))
        .extracting(Difference::kind)
        .containsExactly(Kind.ADDED, Kind.REMOVED);
    assertThat(PolicyDiff.of(before, before)).isEmpty();
  }

  /** A fresh key under always the same id. */
  private static String keys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    Bytes key = Bytes.of(generator.generateKeyPair().getPublic().getEncoded());
    return Json.text(Map.of("keyids", List.of(0x1234_5678L), "pubkeys", List.of(key.base64())));
  }

  @Test
  void aPatchAddsWhatItSaysAndNothingElse() {
    PolicyDocument policy = files(Map.of("/bin/a", List.of(A)));
    PolicyPatch patch =
        PolicyPatch.of(
            Optional.of(PolicyPatch.digestOf(policy.toText())),
            Optional.empty(),
            List.of(
                new Fix.Listed("digests", "/bin/a", B),
                new Fix.Listed("digests", "/bin/n", A),
                new Fix.Listed("digests", "/bin/n", A)));
    PolicyPatch read = PolicyPatch.fromJson(Json.object(Json.bytes(patch.toJson())));
    assertThat(read).isEqualTo(patch);
    PolicyDocument changed = read.runtime().apply(policy);
    assertThat(PolicyDiff.of(policy, changed))
        .extracting(Difference::name)
        .containsExactly("/bin/a", "/bin/n");
    assertThat(changed.table("digests")).containsEntry("/bin/a", List.of(A, B));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"limestone_policy_patch\":2,\"add\":{}}",
        "{\"limestone_policy_patch\":1,\"add\":{\"excludes\":{}}}",
        "{\"limestone_policy_patch\":1,\"add\":{},\"remove\":{}}",
        "{\"limestone_policy_patch\":1,\"add\":{\"digests\":{\"/x\":\"y\"}}}",
        "{\"limestone_policy_patch\":1,\"boot\":{\"add\":[]}}",
        "{\"limestone_policy_patch\":1,\"boot\":{\"change\":[\"/files\"]}}",
        "{\"limestone_policy_patch\":1,\"boot\":{\"change\":[{\"op\":\"remove\",\"path\":\"/dbx/0\"}]}}",
        "{\"limestone_policy_patch\":1,\"boot\":{\"change\":[{\"op\":\"add\",\"path\":\"/dbx/-\"}]}}"
      })
  void whatIsNoPatchIsRefused(String json) {
    assertThatThrownBy(() -> PolicyPatch.fromJson(Json.object(json)))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void flatAllowlistsAreReadWithKeyringsAndBlanks() {
    PolicyDocument policy =
        LegacyAllowlist.read(
            bytes(A.toUpperCase(Locale.ROOT) + "  /opt/my app\n\n" + B + " %keyring:.ima\n"),
            TODAY);
    assertThat(policy.table("digests")).isEqualTo(Map.of("/opt/my_app", List.of(A)));
    assertThat(policy.table("keyrings")).isEqualTo(Map.of(".ima", List.of(B)));
    assertThatThrownBy(() -> LegacyAllowlist.read(bytes(A + " /a\n" + A + "\n"), TODAY))
        .hasMessageContaining("line 2");
  }

  @Test
  void jsonAllowlistsAndOldPoliciesAreReadMemberByMember() {
    PolicyDocument policy =
        LegacyAllowlist.read(
            bytes(
                "{\"meta\":{\"version\":5},\"hashes\":{\"/a\":[\""
                    + A
                    + "\"]},\"keyrings\":{\".ima\":[\""
                    + B
                    + "\"]},\"ima\":{\"ignored_keyrings\":[\".x\"]}}"),
            TODAY);
    assertThat(policy.table("digests")).isEqualTo(Map.of("/a", List.of(A)));
    assertThat(policy.ignoredKeyrings()).containsExactly(".x");
    assertThat(policy.logHash()).isEqualTo("sha1");
    PolicyDocument old =
        LegacyAllowlist.read(bytes("{\"digests\":{\"/a\":[\"" + A + "\"]}}"), TODAY);
    assertThat(old.json().object("meta").integer("generator")).isEqualTo(2);
    assertThatThrownBy(() -> LegacyAllowlist.read(bytes("{\"hash\":{}}"), TODAY))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void aPolicyWithoutFaultsHasNoComplaints() {
    PolicyDocument good =
        files(Map.of("boot_aggregate", List.of(A), "/bin/a", List.of(A)))
            .with("excludes", List.of("/tmp/", "/var/tmp/"));
    assertThat(PolicyLint.of(good, true, NOW)).isEmpty();
  }

  /** Attack 43: one expression that lets everything through. */
  @ParameterizedTest
  @ValueSource(strings = {".*", "", "(/|.)", ".", "(?s:.?)", "/", "^/", "/.", "[/b]"})
  void attack43_anExcludeThatSwallowsEverythingIsAnError(String expression) {
    PolicyDocument policy =
        files(Map.of("boot_aggregate", List.of(A))).with("excludes", List.of("/ok", expression));
    assertThat(PolicyLint.of(policy, true, NOW))
        .anySatisfy(
            complaint -> {
              assertThat(complaint.level()).isEqualTo(Level.ERROR);
              assertThat(complaint.place()).isEqualTo("excludes[1]");
            });
  }

  @Test
  void eachKindOfFaultIsFound() {
    PolicyDocument policy =
        files(
                Map.of(
                    "/usr/bin/a", List.of(A, A),
                    "/usr/bin/b", List.of(SHA1),
                    "/usr/my app", List.of(A)))
            .with("excludes", List.of("/usr/", "/usr/"))
            .with(
                "ima",
                Json.object(
                    "{\"ignored_keyrings\":[\"*\"],\"log_hash_alg\":\"sha1\",\"dm_policy\":null}"))
            .with("verification-keys", "{\"keyids\":[],\"pubkeys\":[\"AAAA\"]}")
            .with(
                "meta",
                Json.object(
                    "{\"version\":1,\"generator\":3,\"timestamp\":\"2025-01-01 00:00:00\"}"));
    assertThat(PolicyLint.of(policy, false, NOW))
        .extracting(Complaint::place, Complaint::level)
        .contains(
            tuple("meta.timestamp", Level.WARNING),
            tuple("digests[/usr/my app]", Level.WARNING),
            tuple("digests[boot_aggregate]", Level.NOTE),
            tuple("digests", Level.WARNING),
            tuple("excludes[0]", Level.WARNING),
            tuple("excludes[1]", Level.NOTE),
            tuple("excludes", Level.NOTE),
            tuple("ima.ignored_keyrings", Level.WARNING),
            tuple("verification-keys", Level.ERROR),
            tuple("the policy", Level.WARNING));
    assertThat(PolicyLint.of(PolicyDocument.empty(TODAY), true, NOW))
        .extracting(Complaint::level)
        .contains(Level.ERROR);
  }

  private static PolicyDocument files(Map<String, List<String>> digests) {
    return PolicyDocument.empty(TODAY).allowing("digests", digests).with("digests", json(digests));
  }

  private static Object json(Map<String, List<String>> digests) {
    return Json.object(Json.bytes(digests));
  }

  private static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
