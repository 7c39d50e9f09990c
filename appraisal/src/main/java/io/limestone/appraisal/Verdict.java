package io.limestone.appraisal;

import io.limestone.policy.Severity;
import io.limestone.policy.boot.Outdated;
import io.limestone.tpm.PcrValues;
import java.util.Comparator;
import java.util.List;

/** What {@link Appraisal#appraise} says about one attestation, and the state to carry on. */
public sealed interface Verdict {
  /** What the next attestation of this node is to be appraised with. */
  AttestationState next();

  /**
   * Every check that the reference values demand ran and passed.
   *
   * @param pcrs the quoted values, all signed
   * @param notes what was not checked, and what was seen and let pass, for people
   * @param outdated what the node booted that is accepted for a limited time only, since an update
   *     was announced: it has not been updated yet
   */
  record Trusted(AttestationState next, PcrValues pcrs, List<String> notes, List<Outdated> outdated)
      implements Verdict {
    public Trusted {
      notes = List.copyOf(notes);
      outdated = List.copyOf(outdated);
    }
  }

  /**
   * The quote is genuine, but the node has rebooted and sent only the tail of its measurement list:
   * nothing counts as passed. Ask again at once, from the entry that {@link #next} says.
   *
   * @param reason for people
   */
  record AskAgain(AttestationState next, String reason) implements Verdict {}

  /**
   * At least one check failed, or could not be made.
   *
   * @param failures not empty, in the order of the checks
   */
  record Untrusted(List<Failure> failures, AttestationState next) implements Verdict {
    public Untrusted {
      failures = List.copyOf(failures);
      if (failures.isEmpty()) {
        throw new IllegalArgumentException("untrusted for no reason");
      }
    }

    /** The first failure of the highest severity: Keylime's {@code last_event_id}. */
    public Failure worst() {
      Severity highest =
          failures.stream().map(Failure::severity).max(Comparator.naturalOrder()).orElseThrow();
      return failures.stream()
          .filter(failure -> failure.severity().equals(highest))
          .findFirst()
          .orElseThrow();
    }

    /** Whether every failure may pass by itself, so that polling goes on. */
    public boolean recoverable() {
      return failures.stream().allMatch(Failure::recoverable);
    }
  }
}
