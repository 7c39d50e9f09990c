package io.limestone.cli.policy;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.Verdict;
import io.limestone.cli.appraise.Case;
import io.limestone.cli.policy.PolicyFile.Signature;
import io.limestone.keylime.EvidenceDocument;
import io.limestone.policy.SignedPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Evidence in one document, judged as {@code limestone appraise --evidence} judges it. */
record EvidenceSubject(String name, Case evidence, Policies policies) implements Subject {

  /**
   * Reads a document of {@code POST /verify/evidence}, with the policies that it brings along.
   *
   * @throws io.limestone.wire.MalformedException if it is none
   */
  static EvidenceSubject of(String name, Bytes text) throws IOException {
    EvidenceDocument document = Case.document(Json.object(text.toArray()));
    return new EvidenceSubject(
        name,
        Case.of(document),
        new Policies(
            document
                .runtimePolicy()
                .map(policy -> policy("its runtime policy", policy, PolicyCommands.Kind.RUNTIME)),
            document
                .mbPolicy()
                .map(policy -> policy("its boot policy", policy, PolicyCommands.Kind.BOOT))));
  }

  private static PolicyFile policy(String name, String json, PolicyCommands.Kind kind) {
    Bytes text = Bytes.of(json.getBytes(StandardCharsets.UTF_8));
    boolean signed = kind == PolicyCommands.Kind.RUNTIME && SignedPolicy.isEnvelope(text);
    return PolicyFile.of(
        name,
        text,
        signed ? Optional.of(SignedPolicy.parse(text)) : Optional.empty(),
        signed ? new Signature.NotVerified() : new Signature.None(),
        Optional.of(kind));
  }

  static boolean looksLike(Bytes text) {
    return !text.isEmpty() && text.toArray()[0] == '{';
  }

  /** The same evidence, with a policy instead of its own of the same kind. */
  EvidenceSubject with(PolicyFile policy) {
    return new EvidenceSubject(name, evidence, policies.with(policy));
  }

  @Override
  public String words() {
    return "the evidence " + Encoding.printable(name, 200);
  }

  @Override
  public String proven() {
    return "the quote was checked by the key and the nonce in the same document: that they are a"
        + " machine's, and fresh, is for you to know";
  }

  @Override
  public List<Failure> failures() {
    return judge(policies);
  }

  @Override
  public Optional<List<Failure>> failures(Policies others) {
    return Optional.of(judge(others));
  }

  private List<Failure> judge(Policies by) {
    Case judged =
        evidence.by(by.runtime().map(PolicyFile::compiled), by.boot().map(PolicyFile::boot));
    return switch (Appraisal.appraise(judged.evidence(), judged.reference(), judged.before())) {
      case Verdict.Untrusted untrusted -> untrusted.failures();
      case Verdict.Trusted trusted -> List.of();
      case Verdict.AskAgain again ->
          throw new MalformedException("the evidence alone decides nothing: " + again.reason());
    };
  }
}
