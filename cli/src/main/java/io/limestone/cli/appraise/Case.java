package io.limestone.cli.appraise;

import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.keylime.EvidenceDocument;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything that one offline judgement takes. */
public record Case(Evidence evidence, ReferenceValues reference, AttestationState before) {
  /**
   * The evidence of a document of {@code POST /verify/evidence}, or of its member {@code data}.
   *
   * @throws io.limestone.wire.MalformedException if it is none
   */
  public static EvidenceDocument document(JsonObject json) {
    if (!json.optionalString("type").orElse("tpm").equals("tpm")) {
      throw CommandFailed.unusable("only evidence of type tpm is judged so far");
    }
    return EvidenceDocument.fromJson(json.optionalObject("data").orElse(json));
  }

  /** A document with all in one, judged by the policies that it brings along. */
  public static Case of(EvidenceDocument document) throws IOException {
    return new CaseFiles(new Arguments(Map.of(), List.of())).read(Optional.of(document));
  }

  /** The same evidence, to be judged by other policies. */
  public Case by(Optional<RuntimePolicy> runtime, Optional<BootPolicy> boot) {
    return new Case(
        evidence,
        new ReferenceValues(
            reference.ak(),
            reference.accepted(),
            reference.pcrs(),
            runtime,
            boot,
            reference.bindsTransportKey(),
            reference.violations(),
            reference.severity()),
        before);
  }
}
