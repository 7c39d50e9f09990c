package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.evidence.Span;
import io.limestone.policy.RuntimePolicy.Judgement;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RuntimePolicyTest {
  private static final String A = "a".repeat(64);

  @TestFactory
  Stream<DynamicTest> everySchemaVectorIsAnsweredAsKeylimeDoes() {
    return TestData.rows("runtime-policy/schema_vectors.json")
        .map(one -> DynamicTest.dynamicTest(one.string("name"), () -> schema(one)));
  }

  private static void schema(JsonObject vector) {
    Bytes json = Bytes.of(Json.bytes(vector.members().get("policy")));
    String reference = vector.string("reference");
    if (reference.equals("valid")) {
      assertThat(RuntimePolicy.parse(json).logHash()).isNotNull();
      return;
    }
    String reason = reference.substring("invalid: ".length());
    assertThatThrownBy(() -> RuntimePolicy.ofUpload(json, Optional.empty(), false))
        .isInstanceOfSatisfying(
            PolicyRefusedException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessageStartingWith("Runtime policy is malformatted: ")
        .hasMessageContaining(reason.contains("required property") ? reason : "");
  }

  @Test
  void complaintsNameThePlace() {
    assertThatThrownBy(
            () -> RuntimePolicy.parse(policy(Map.of("digests", Map.of("/x", List.of(A, "b"))))))
        .hasMessageContaining("digests[/x][1]");
    assertThatThrownBy(() -> RuntimePolicy.parse(policy(Map.of("excludes", List.of("/ok", "a(")))))
        .hasMessageContaining("excludes[1]");
  }

  @Test
  void complaintsNameLineAndColumn() {
    String text =
        new String(policy(Map.of()).toArray(), StandardCharsets.UTF_8).replace(",", ",\n");
    assertComplaint(
        text.replace("\"excludes\":[]", "\"excludes\":[\"/ok\",\n  \"a(\"]"),
        "excludes[1]: not a regular expression",
        "(line 6, column 3)");
    assertComplaint(
        text.replace("\"release\":0", "\"release\":\"0\""),
        "release: is not of type 'integer'",
        "(line 3, column 11)");
    assertComplaint(
        text.replace("\"digests\":{}", "\"digests\":{\"/bin/sh\":[\"abc\"]}"),
        "digests[/bin/sh][0]: is not a digest",
        "(line 4, column 23)");
  }

  private static void assertComplaint(String text, String... parts) {
    assertThatThrownBy(
            () ->
                RuntimePolicy.ofUpload(
                    Bytes.of(text.getBytes(StandardCharsets.UTF_8)), Optional.empty(), false))
        .isInstanceOfSatisfying(
            PolicyRefusedException.class, e -> assertThat(e.status()).isEqualTo(400))
        .hasMessageContainingAll(parts);
  }

  /** What stands under a misspelt key would silently do nothing; Keylime takes it. */
  @ParameterizedTest
  @CsvSource({
    "exclude, excludes",
    "keyring, keyrings",
    "digest, digests",
    "Digests, digests",
    "ima_buf, ima-buf",
    "verification_keys, verification-keys",
    "dm_policy, dm-policy",
  })
  void misspeltKeysAreRefusedWithTheOneThatWasMeant(String slip, String meant) {
    assertThatThrownBy(() -> RuntimePolicy.parse(policy(Map.of(slip, List.of()))))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("did you mean '" + meant + "'?");
  }

  @Test
  void keysThatAreNotKnownAtAllArePassedOver() {
    assertThat(
            RuntimePolicy.parse(policy(Map.of("owner", "web team", "x", 1, "comment", "")))
                .isEmpty())
        .isTrue();
  }

  @Test
  void digestsOfAnOddLengthBetween40And128AreRefused() {
    for (int digits : new int[] {41, 42, 56, 65, 127}) {
      String text = "a".repeat(digits);
      assertThatThrownBy(
              () -> RuntimePolicy.parse(policy(Map.of("digests", Map.of("/x", List.of(text))))))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void duplicateNamesNaNDeepNestingAndHalfSurrogatesHaveDefinedAnswers() {
    String good = new String(policy(Map.of()).toArray(), StandardCharsets.UTF_8);
    for (String bad :
        List.of(
            good.replace(
                "\"digests\":{}", "\"digests\":{\"/a\":[\"" + A + "\"],\"/a\":[\"" + A + "\"]}"),
            good.replace("\"release\":0", "\"release\":NaN"),
            good.replace("\"release\":0", "\"release\":0,\"x\":" + "[".repeat(100_000)),
            good.replace("\"release\":0", "\"release\":1e-999999999"),
            good.replace("\"digests\":{}", "\"digests\":{\"\\ud800\":[\"" + A + "\"]}"),
            "\ufeff" + good.substring(1),
            good + "x",
            good.substring(0, good.length() - 1))) {
      assertThatThrownBy(() -> RuntimePolicy.parse(bytes(bad)))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void filesAreJudgedByNameAndDigest() {
    RuntimePolicy policy =
        RuntimePolicy.parse(
            policy(
                Map.of(
                    "digests", Map.of("/bin/a", List.of("b".repeat(40), A), "/é", List.of(A)),
                    "excludes", List.of("/tmp/"))));
    assertThat(judge(policy, "/bin/a", A)).isEqualTo(Judgement.ALLOWED);
    assertThat(judge(policy, "/bin/a", "b".repeat(40))).isEqualTo(Judgement.ALLOWED);
    assertThat(judge(policy, "/bin/a", "c".repeat(64))).isEqualTo(Judgement.OTHER_DIGEST);
    assertThat(judge(policy, "/bin/a", "a".repeat(40))).isEqualTo(Judgement.OTHER_DIGEST);
    assertThat(judge(policy, "/bin/b", A)).isEqualTo(Judgement.UNKNOWN_NAME);
    assertThat(judge(policy, "/é", A)).isEqualTo(Judgement.ALLOWED);
    assertThat(judge(policy, "/tmp/x", A)).isEqualTo(Judgement.EXCLUDED);
    assertThat(policy.fileDigests(span("/bin/a"), 1)).containsExactly(Bytes.ofHex("b".repeat(40)));
  }

  @Test
  void namesThatAreNotUtf8NeverMatchNorAreExcluded() {
    RuntimePolicy policy = RuntimePolicy.parse(policy(Map.of("excludes", List.of(".*"))));
    Span name = Span.of(new byte[] {'/', 't', (byte) 0xff});
    assertThat(policy.file(name, Span.of(new byte[32]))).isEqualTo(Judgement.UNKNOWN_NAME);
  }

  @Test
  void excludesDoNotApplyToKeyrings() {
    RuntimePolicy policy = RuntimePolicy.parse(policy(Map.of("excludes", List.of(".*"))));
    assertThat(policy.key(span(".ima"), Span.of(new byte[32]))).isEqualTo(Judgement.UNKNOWN_NAME);
    assertThat(policy.buffer(span("kexec"), Span.of(new byte[32]))).isEqualTo(Judgement.EXCLUDED);
  }

  @ParameterizedTest
  @CsvSource({
    "/tmp/, /tmp/evil, true",
    "tmp, /tmp/evil, false",
    ".*/evil, /tmp/evil, true",
    "/tmp/e, /tmp/evil, true",
    "/TMP/.*, /tmp/evil, false",
    "/tmp/evil\\Z, /tmp/evil, true",
    "/tmp/evi\\Z, /tmp/evil, false",
    "/tmp/evil$, /tmp/evil, true",
    "'', /tmp/evil, true",
    "(?P<dir>/tmp)/e, /tmp/evil, true",
    "(?i:/TMP)/, /tmp/evil, true",
    "/\\w+/\\w+, /tmp/über, true",
    "/[\\w]+/[^\\d]+, /tmp/über, true",
    "/tmp/[[:alpha:]]*x, /tmp/:]x, true",
    "/tmp/(?#why)e, /tmp/evil, true",
    "'/tmp/e{1,3}v', /tmp/evil, true",
    "/x{|/tmp, /tmp/evil, true"
  })
  void excludesMatchAtTheStartAsInPython(String expression, String name, boolean excluded) {
    RuntimePolicy policy =
        RuntimePolicy.parse(policy(Map.of("excludes", List.of("/nothing", expression))));
    assertThat(policy.excludes(span(name))).isEqualTo(excluded);
  }

  @ParameterizedTest
  @CsvSource({
    "(?i)/tmp",
    "(/tmp)\\1",
    "(?=x)",
    "(?<!x)y",
    "(?P=n)",
    "*",
    "(((a{999}){999}){999})",
    "a{5000}",
    "(a{0,1000}){0,1000}",
    "[\\W]",
    "\\q",
    "x\\",
    "(?#",
    "(",
    "a**b**("
  })
  void expressionsThatCannotRunInLinearTimeAreRefusedAtUpload(String expression) {
    assertThatThrownBy(() -> RuntimePolicy.parse(policy(Map.of("excludes", List.of(expression)))))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("excludes[0]");
  }

  @Test
  void attack40_aCatastrophicExpressionEndsInLinearTime() {
    RuntimePolicy policy = RuntimePolicy.parse(policy(Map.of("excludes", List.of("(a+)+$"))));
    assertThat(policy.excludes(span("a".repeat(4000) + "!"))).isFalse();
  }

  @Test
  void verificationKeysComeInEveryFormThatKeylimeWrote() {
    for (String none : List.of("", " ", "null", "[]", "\"\"")) {
      assertThat(VerificationKeys.parse(none).isEmpty()).as(none).isTrue();
    }
    String spki =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExtL8HphFZxb2QQXAiA+ngYQ+pfEAwMSG/sHekc3OQfprFg3ygCAkT5A5"
            + "IHaR6L6z5P+g9+xfvWW8dWeKRPGLKQ==";
    String keyring = "{\"keyids\":[0],\"pubkeys\":[\"" + spki + "\",\"AAAA\"]}";
    VerificationKeys once = VerificationKeys.parse(keyring);
    VerificationKeys twice = VerificationKeys.parse(Json.text(keyring));
    assertThat(once.size()).as("the key that does not load is left out").isEqualTo(1);
    assertThat(Json.text(twice.toJson())).isEqualTo(Json.text(once.toJson()));
    assertThat(Json.text(VerificationKeys.fromJson(once.toJson()).toJson()))
        .isEqualTo(Json.text(once.toJson()));
  }

  @Test
  void aPolicyOfManyDigestsIsFoundAgainWhole() {
    int files = 200_000;
    StringBuilder digests = new StringBuilder("{");
    for (int i = 0; i < files; i++) {
      String digest = HashAlg.SHA256.digest(bytes("" + i)).hex();
      digests.append(i == 0 ? "" : ",").append("\"/usr/lib/file").append(i).append("\":[\"");
      digests.append(digest).append("\"]");
    }
    String empty = new String(policy(Map.of()).toArray(), StandardCharsets.UTF_8);
    RuntimePolicy policy =
        RuntimePolicy.parse(bytes(empty.replace("\"digests\":{}", "\"digests\":" + digests + "}")));
    assertThat(policy.names()).isEqualTo(files);
    assertThat(policy.digests()).isEqualTo(files);
    for (int i = 0; i < files; i += 997) {
      Span digest = Span.of(HashAlg.SHA256.digest(bytes("" + i)).toArray());
      assertThat(policy.file(span("/usr/lib/file" + i), digest)).isEqualTo(Judgement.ALLOWED);
      assertThat(policy.file(span("/usr/lib/file" + (i + 1)), digest))
          .isEqualTo(Judgement.OTHER_DIGEST);
      assertThat(policy.file(span("/usr/lib/other" + i), digest)).isEqualTo(Judgement.UNKNOWN_NAME);
    }
  }

  @Test
  void aPolicyIsEmptyByItsContentNotByItsGenerator() {
    assertThat(RuntimePolicy.parse(policy(Map.of())).isEmpty()).isTrue();
    assertThat(RuntimePolicy.parse(policy(Map.of("digests", Map.of("/x", List.of(A))))).isEmpty())
        .isFalse();
    Map<String, Object> rule = new LinkedHashMap<>();
    rule.put("required", true);
    rule.put("device_resume_required", true);
    rule.put("device_rename", Map.of());
    rule.put("device_remove", Map.of("allow_removal", false));
    rule.put("allow_clear", false);
    rule.put("table_load", Map.of("allow_multiple_loads", false, "targets", List.of(Map.of())));
    Map<String, Object> devices =
        Map.of("version", 1, "match_on", "name", "rules", Map.of("root", rule));
    assertThat(RuntimePolicy.parse(policy(Map.of("dm-policy", devices))).isEmpty())
        .as("rules for devices alone are to be checked too")
        .isFalse();
  }

  private static Judgement judge(RuntimePolicy policy, String name, String digest) {
    return policy.file(span(name), Span.of(Bytes.ofHex(digest).toArray()));
  }

  private static Span span(String text) {
    return Span.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Bytes policy(Map<String, Object> members) {
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("meta", Map.of("version", 1, "generator", 0));
    policy.put("release", 0);
    policy.put("digests", Map.of());
    policy.put("excludes", List.of());
    policy.put("keyrings", Map.of());
    Map<String, Object> ima = new LinkedHashMap<>();
    ima.put("ignored_keyrings", List.of());
    ima.put("log_hash_alg", "sha1");
    ima.put("dm_policy", null);
    policy.put("ima", ima);
    policy.put("ima-buf", Map.of());
    policy.put("verification-keys", "");
    policy.putAll(members);
    return Bytes.of(Json.bytes(policy));
  }

  /** Each would overflow the stack when a name is matched, or take long to compile. */
  @ParameterizedTest
  @MethodSource("tooLarge")
  void excludesThatNoNameCouldBeMatchedByAreRefused(String expression) {
    assertThatThrownBy(() -> ExcludeList.of(List.of(expression)))
        .isInstanceOf(MalformedException.class)
        .hasMessageStartingWith("excludes[0]");
  }

  static List<String> tooLarge() {
    return List.of(
        "a?".repeat(8000),
        "a*".repeat(8000),
        "((a?){30}){100}",
        "(a{0,30}){100}",
        "(|a)".repeat(4000),
        "(a|)".repeat(4000),
        "()".repeat(16_000),
        "(?:)".repeat(16_000),
        "(?P<x>)".repeat(9000),
        "\\b".repeat(16_000),
        "$".repeat(16_000),
        "(?:$|a)".repeat(8000),
        "|".repeat(16_000),
        "\\w".repeat(32_000),
        "[\\w\\s]".repeat(9000));
  }

  /** Some letters, so that no two beginnings are likely to be the same. */
  private static String random(int seed, int letters) {
    return new Random(seed)
        .ints(letters, 'a', 'y' + 1)
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  @Test
  void excludesAsLargeAsTheyMayBeAreMatched() {
    for (List<String> expressions :
        List.of(
            List.of("a?".repeat(2000) + "b"),
            List.of("(|a)".repeat(1500) + "b"),
            List.of("a|".repeat(4000) + "b"),
            IntStream.range(0, 12_000).mapToObj(i -> random(i, 4)).toList(),
            IntStream.range(0, 4000).mapToObj(i -> "^/var/" + i + "/.*").toList())) {
      ExcludeList list = ExcludeList.of(expressions);
      assertThat(list.matches(Span.of("zzz".getBytes(StandardCharsets.UTF_8)))).isFalse();
    }
  }
}
