package io.limestone.cli.policy;

import io.limestone.appraisal.BootCheck;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ListAppraisal;
import io.limestone.cli.args.CommandFailed;
import io.limestone.evidence.boot.BootLog;
import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A log in a file and the policy that it is held against: a measurement list and a runtime policy,
 * or an event log and a boot policy.
 */
record LogSubject(String name, Bytes log, PolicyFile policy) implements Subject {
  /** More than anybody reads, and few enough to be held in memory. */
  private static final int MOST_TOLD = 100_000;

  private static final List<HashAlg> BANKS =
      List.of(HashAlg.SHA256, HashAlg.SHA384, HashAlg.SHA512, HashAlg.SM3_256, HashAlg.SHA1);

  @Override
  public String words() {
    return switch (policy.content()) {
      case PolicyFile.Content.OfRuntime r ->
          "the measurement list " + Encoding.printable(name, 200);
      case PolicyFile.Content.OfBoot b -> "the event log " + Encoding.printable(name, 200);
    };
  }

  @Override
  public String proven() {
    return "no quote was checked: nobody has proven that this is a machine's log, and whole";
  }

  @Override
  public Policies policies() {
    return new Policies(Optional.empty(), Optional.empty()).with(policy);
  }

  @Override
  public List<Failure> failures() {
    return judge(policy);
  }

  @Override
  public Optional<List<Failure>> failures(Policies others) {
    return others.runtime().or(others::boot).map(this::judge);
  }

  private List<Failure> judge(PolicyFile by) {
    return switch (by.content()) {
      case PolicyFile.Content.OfRuntime r ->
          ListAppraisal.appraise(
                  log, by.compiled(), Optional.empty(), ViolationPolicy.STRICT, MOST_TOLD)
              .failures();
      case PolicyFile.Content.OfBoot b ->
          BootCheck.judge(by.boot(), log, bank(), Map.of()).failures();
    };
  }

  private HashAlg bank() {
    try {
      BootLog parsed = BootLog.parse(log);
      return BANKS.stream()
          .filter(parsed.banks()::contains)
          .findFirst()
          .orElseThrow(
              () -> CommandFailed.unusable(Encoding.printable(name, 200) + " has no known bank"));
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }
}
