package io.limestone.cli.policy;

import io.limestone.appraisal.Failure;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyPatch;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What {@code policy explain} explains: it can be judged by policies, again and again. */
interface Subject {
  /** For people: {@code the list ima.log}, {@code web-1, untrusted}. */
  String words();

  /** What the answer is worth: whether a quote was checked, and by whom. */
  String proven();

  /** What it is judged by. */
  Policies policies();

  /** What it fails on. */
  List<Failure> failures() throws IOException, InterruptedException;

  /** What it would fail on with other policies; nothing where that cannot be tried. */
  Optional<List<Failure>> failures(Policies others) throws IOException, InterruptedException;

  /** The policies of one node, or of a log alone. */
  record Policies(Optional<PolicyFile> runtime, Optional<PolicyFile> boot) {
    /** These, with one that takes the place of that of its kind. */
    Policies with(PolicyFile policy) {
      return switch (policy.content()) {
        case PolicyFile.Content.OfRuntime r -> new Policies(Optional.of(policy), boot);
        case PolicyFile.Content.OfBoot b -> new Policies(runtime, Optional.of(policy));
      };
    }

    Policies patched(PolicyPatch patch) {
      return new Policies(
          patch.runtime().isEmpty() ? runtime : runtime.map(file -> patched(file, patch)),
          patch.boot().isEmpty() ? boot : boot.map(file -> patched(file, patch)));
    }

    private static PolicyFile patched(PolicyFile file, PolicyPatch patch) {
      return switch (file.content()) {
        case PolicyFile.Content.OfRuntime(PolicyDocument document) ->
            file.with(patch.runtime().apply(document).toText());
        case PolicyFile.Content.OfBoot(JsonObject document) ->
            file.with(Bytes.of(Json.bytes(patch.boot().apply(document))));
      };
    }
  }
}
