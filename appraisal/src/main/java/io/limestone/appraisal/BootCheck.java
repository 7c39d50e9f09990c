package io.limestone.appraisal;

import io.limestone.evidence.boot.BootLog;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.Outdated;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Judges an event log without a quote, by the same code as an attestation: what a policy says of a
 * log, before a node is held to it. It proves nothing of a machine, since nobody signed the PCRs.
 */
public final class BootCheck {
  private static final int FIRMWARE_AND_LOADER = 10;

  private BootCheck() {}

  /**
   * What was found.
   *
   * @param failures empty if the log passes
   * @param outdated what is accepted for a limited time only
   */
  public record Result(List<Failure> failures, List<String> notes, List<Outdated> outdated) {
    public Result {
      failures = List.copyOf(failures);
      notes = List.copyOf(notes);
      outdated = List.copyOf(outdated);
    }

    public boolean passed() {
      return failures.isEmpty();
    }
  }

  /**
   * Judges a log.
   *
   * @param pcrs values to hold the log against, where they are known; all others are taken from the
   *     log's own replay
   * @throws io.limestone.wire.MalformedException if it is no log
   */
  public static Result judge(BootPolicy policy, Bytes log, HashAlg bank, Map<Integer, Bytes> pcrs) {
    BootLog.Replay replay = BootLog.parse(log).replay(bank);
    Map<Integer, Bytes> values = new TreeMap<>(replay.values());
    replay.incomplete().forEach(pcr -> values.putIfAbsent(pcr, bank.zeros()));
    for (int pcr = 0; pcr < FIRMWARE_AND_LOADER; pcr++) {
      values.putIfAbsent(pcr, bank.zeros());
    }
    values.putAll(pcrs);
    Findings findings = new Findings(SeverityPolicy.STRICT);
    BootAppraisal.appraise(
        Optional.of(policy),
        Optional.of(log),
        Optional.empty(),
        PcrValues.of(bank, values),
        findings);
    return new Result(findings.failures(), findings.notes(), findings.outdated());
  }
}
