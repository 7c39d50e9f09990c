package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.VerificationKeys;
import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The 80 recorded lists. Expected is what Keylime 7.14.3 answered, except where {@link #SAFER} says
 * what is safe instead.
 */
class ImaVectorsTest {
  /** Pass or fail per step, and why it is not Keylime's answer. */
  private static final Map<String, String> SAFER =
      Map.ofEntries(
          Map.entry("unknown-file-alg", "fail: a digest of an unknown algorithm is not a digest"),
          Map.entry("log-hash-bogus", "fail: such a policy is refused when it is read"),
          Map.entry(
              "legacy-ima-md5", "fail: the list is genuine (MD5 is padded), but no policy has MD5"),
          Map.entry("boot-aggregate-from-mb", "fail: only quoted PCRs, and only the first entry"),
          Map.entry("forged-ff-template-True", "fail: for its hash; literal ones are no violation"),
          Map.entry("forged-zero-template", "fail: for the violation too, as documented"),
          Map.entry("sig-short", "pass: the bytes are hashed as they are; the digest is allowed"),
          Map.entry("unknown-template", "fail: for its hash; the template is known here"),
          Map.entry("ima-ngv2-genuine", "pass: the template is known here"),
          Map.entry("ima-modsig-genuine", "pass: the template is known here"),
          Map.entry("sig-type1", "fail: the kernel lists no such signature; a relabelled buffer"),
          Map.entry("sig-sha1", "fail: SHA-1 signatures are not believed"),
          Map.entry(
              "no-policy-keys-sig-bad", "pass: without a policy nothing is judged, and said"));

  @TestFactory
  Stream<DynamicTest> everyListIsJudgedAsKeylimeDoesOrSafer() {
    return Json.object(TestData.read("ima/ima_vectors.json").toArray()).list("vectors").stream()
        .map(JsonObject.class::cast)
        .map(one -> DynamicTest.dynamicTest(one.string("id"), () -> judge(one)));
  }

  private static void judge(JsonObject vector) {
    List<?> steps = vector.list("steps");
    List<?> answers = vector.list("reference");
    // Not entry 0: that one must be boot_aggregate, which these lists do without.
    HashAlg bank = HashAlg.named(vector.string("bank")).orElseThrow();
    ImaProgress start = from(1, bank);
    ImaProgress progress = start;
    for (int i = 0; i < steps.size(); i++) {
      JsonObject step = (JsonObject) steps.get(i);
      String expected = ((JsonObject) answers.get(i)).string("verdict");
      String safer = SAFER.get(vector.string("id"));
      if (safer != null) {
        expected = safer.substring(0, 4);
      }
      Findings findings = new Findings(SeverityPolicy.STRICT);
      Optional<ImaProgress> next =
          step(vector, bank, step, vector.bool("stateful") ? progress : start, findings);
      boolean passed = next.isPresent() && !findings.failed();
      assertThat(passed ? "pass" : "fail")
          .as("step %d: %s", i, findings.failures())
          .isEqualTo(expected);
      if (!passed && next.isPresent() && safer == null) {
        String keylimes = first((JsonObject) answers.get(i));
        assertThat(findings.failures().getFirst().eventId()).isEqualTo(keylimes);
      }
      progress = passed ? next.orElseThrow() : start;
    }
  }

  private static String first(JsonObject answer) {
    return (String) ((List<?>) answer.list("events").getFirst()).getFirst();
  }

  private static ImaProgress from(long entry, HashAlg bank) {
    return new ImaProgress(
        entry,
        Optional.of(new ImaProgress.Running(bank, bank.zeros())),
        0,
        VerificationKeys.NONE,
        DmDevices.NONE,
        Optional.empty());
  }

  private static Optional<ImaProgress> step(
      JsonObject vector, HashAlg bank, JsonObject step, ImaProgress before, Findings findings) {
    Optional<RuntimePolicy> policy;
    try {
      policy =
          vector
              .optionalObject("policy")
              .map(json -> RuntimePolicy.parse(Bytes.of(Json.bytes(json))))
              .map(
                  p ->
                      p.withVerificationKeys(
                          vector.optionalString("verification_keys").orElse("")));
    } catch (MalformedException e) {
      return Optional.empty(); // a policy that is refused allows nothing
    }
    PcrValues pcrs = PcrValues.of(bank, Map.of(10, Bytes.ofHex(step.string("pcr"))));
    ReferenceValues reference =
        new ReferenceValues(
            TestNode.AK,
            AcceptedAlgorithms.DEFAULT,
            PcrPolicy.NONE,
            policy,
            Optional.empty(),
            false,
            ViolationPolicy.STRICT,
            SeverityPolicy.STRICT);
    Bytes text = Bytes.of(step.string("log").getBytes(StandardCharsets.UTF_8));
    ImaAppraisal.Outcome outcome =
        new ImaAppraisal(reference, findings, pcrs, Optional.empty())
            .appraise(
                Optional.of(new ImaSlice(text, before.nextEntry())),
                new ImaAppraisal.Before(before, Optional.empty()));
    return Optional.of(((ImaAppraisal.Judged) outcome).progress());
  }
}
