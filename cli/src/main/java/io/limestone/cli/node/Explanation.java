package io.limestone.cli.node;

import io.limestone.keylime.AgentStatus;
import io.limestone.wire.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Why a node is not trusted: which check, what was found, what was expected, what helps.
 * Limestone's verifier tells all four; of another verifier there is the event id alone, and what is
 * known about it in general.
 */
record Explanation(
    String eventId, String severity, String check, String found, String expected, String remedy) {

  /**
   * From the verifier's own explanation, else from the status; a node that has merely not answered
   * lately has failed in nothing, and is told of too.
   *
   * @param told what Limestone's verifier says
   */
  static List<Explanation> of(
      Optional<JsonObject> told, AgentStatus status, Standing standing, Instant now) {
    List<Explanation> explanations = new ArrayList<>();
    if (told.isPresent() && told.get().has("failures")) {
      for (Object item : told.get().list("failures")) {
        if (item instanceof JsonObject failure) {
          explanations.add(read(failure));
        }
      }
    }
    if (!explanations.isEmpty()) {
      return List.copyOf(explanations);
    }
    if (status.lastEventId().isPresent()) {
      return List.of(general(status.lastEventId().get()));
    }
    return standing.word() == Standing.Word.UNKNOWN
        ? List.of(
            new Explanation(
                "",
                "",
                "the node answers",
                "no good attestation since the last one, " + standing.age(now),
                "one every " + status.attestationPeriod(),
                "check that the machine and its agent run, and that the agent's port can be reached"
                    + " from the verifier; attestation goes on by itself when it answers"))
        : List.of();
  }

  private static Explanation read(JsonObject failure) {
    return new Explanation(
        failure.optionalString("event_id").orElse(""),
        failure.optionalString("severity").orElse(""),
        failure.optionalString("check").orElse(""),
        failure.optionalString("found").orElse(""),
        failure.optionalString("expected").orElse(""),
        failure.optionalString("remedy").orElse(""));
  }

  Map<String, String> toJson() {
    return Map.of(
        "event_id", eventId,
        "severity", severity,
        "check", check,
        "found", found,
        "expected", expected,
        "remedy", remedy);
  }

  /** What an event id of Keylime's says by itself (verifier-api.md section 5.2). */
  private static Explanation general(String eventId) {
    for (Known known : KNOWN) {
      if (eventId.startsWith(known.prefix)) {
        return new Explanation(eventId, "", known.check, "", "", known.remedy);
      }
    }
    return new Explanation(eventId, "", "", "", "", "see the verifier's log for this event");
  }

  private record Known(String prefix, String check, String remedy) {}

  private static final List<Known> KNOWN =
      List.of(
          new Known(
              "ima.validation.ima-ng.not_in_allowlist",
              "every executed file is in the runtime policy",
              "if the file is legitimate, add its digest to the policy (limestone policy update) and"
                  + " limestone node resume; if not, the machine ran something unknown"),
          new Known(
              "ima.validation.ima-ng.runtime_policy_hash",
              "executed files have the digests of the runtime policy",
              "a known file has unknown content: an update, or tampering. Compare it with its"
                  + " package, then update the policy or reinstall the machine"),
          new Known(
              "ima.pcr_mismatch",
              "the measurement list replays to the quoted PCR 10",
              "the list was altered or truncated, or the node mixes lists of two boots: reboot the"
                  + " node; if it stays, treat the machine as tampered with"),
          new Known(
              "ima.",
              "the IMA measurement list is sound and matches its policy",
              "see the verifier's log for the entry concerned"),
          new Known(
              "qoute_validation.invalid_",
              "the quote uses algorithms that the enrolment accepts",
              "set tpm_hash_alg, tpm_encryption_alg or tpm_signing_alg in agent.conf, or enrol with"
                  + " others"),
          new Known(
              "qoute_validation.",
              "the quote is signed by the enrolled AK over the nonce asked for",
              "if the TPM was replaced or cleared, register and add the node anew; otherwise someone"
                  + " answers in its place"),
          new Known(
              "pcr_validation.invalid_pcr_16",
              "the transport key is bound into the quote (PCR 16)",
              "the key offered is not the one the TPM quoted: restart the agent; if it stays,"
                  + " someone sits in between"),
          new Known(
              "pcr_validation.",
              "the quoted PCRs have the values of the TPM policy",
              "firmware, boot loader or settings differ from the policy: find what changed, then"
                  + " limestone node update with the new values"),
          new Known(
              "measured_boot.",
              "the boot log replays to the quoted PCRs and satisfies the measured-boot policy",
              "find what changed in the boot chain, then limestone policy update --kind boot"),
          new Known(
              "internal.verifier.not_reachable",
              "the node answers",
              "check that the agent runs and that its port can be reached from the verifier, then"
                  + " limestone node resume"),
          new Known(
              "internal.verifier.version_not_supported",
              "node and verifier speak a common API version",
              "update the agent or the verifier"),
          new Known(
              "internal.verifier.", "the node answers as agents do", "see the logs of both sides"));
}
