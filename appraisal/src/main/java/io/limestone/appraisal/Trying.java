package io.limestone.appraisal;

import static io.limestone.policy.PcrPolicy.IMA_PCR;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import java.util.Optional;

/** The side of one appraisal that tries a {@link Candidate}: findings of its own, same evidence. */
final class Trying {
  private final Candidate candidate;
  private final ReferenceValues reference;
  private final PcrValues pcrs;
  private final Findings findings;
  private Optional<ImaProgress> reached = Optional.empty();

  Trying(Candidate candidate, ReferenceValues reference, PcrValues pcrs) {
    this.candidate = candidate;
    this.reference =
        new ReferenceValues(
            reference.ak(),
            reference.accepted(),
            reference.pcrs(),
            candidate.runtime(),
            candidate.boot(),
            reference.bindsTransportKey(),
            reference.violations(),
            reference.severity());
    this.pcrs = pcrs;
    this.findings = new Findings(reference.severity());
  }

  /**
   * A judge for the entries that are about to be read.
   *
   * @param logHash what their template hashes are checked with
   * @param from where they begin
   */
  Optional<ImaJudge> judge(HashAlg logHash, ImaProgress from) {
    if (candidate.runtime().isEmpty()) {
      return Optional.empty();
    }
    boolean start = from.nextEntry() == 0;
    if (!start && from.nextEntry() != candidate.progress().nextEntry()) {
      return Optional.empty(); // entries in between were not tried: no result, never a good one
    }
    if (candidate.runtime().get().logHash() != logHash) {
      findings.fail(
          "ima.validation.ima_hash",
          "log_hash_alg is that of the policy that decides",
          candidate.runtime().get().logHash().keylimeName(),
          logHash.keylimeName(),
          "the kernel has one; both policies must name it");
    }
    return Optional.of(
        new ImaJudge(
            reference.runtime(),
            reference.violations(),
            findings,
            pcrs,
            start ? ImaProgress.NONE : candidate.progress()));
  }

  /** The list is bound to the quote up to here. */
  void bound(ImaProgress to) {
    reached = Optional.of(to);
  }

  /** What was found; nothing where the list could not be bound to the quote. */
  Optional<Candidate.Result> result(Evidence evidence) {
    if (candidate.runtime().isPresent() && reached.isEmpty()) {
      if (pcrs.get(IMA_PCR).isPresent() || candidate.runtime().get().isEmpty()) {
        return Optional.empty();
      }
      findings.fail(
          "pcr_validation.missing_pcrs",
          "PCR 10 is quoted, as the runtime policy demands",
          "PCR 10 is not quoted",
          "PCR 10",
          "name PCR 10 in the mask of tpm_policy (0x400)");
    }
    candidate
        .boot()
        .ifPresent(
            boot ->
                BootAppraisal.appraise(
                    Optional.of(boot), evidence.bootLog(), evidence.ima(), pcrs, findings));
    return Optional.of(
        new Candidate.Result(
            findings.failures(),
            reached.orElse(candidate.progress()),
            evidence.ima().map(slice -> slice.firstEntry() == 0).orElse(true)));
  }
}
