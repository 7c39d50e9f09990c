package io.limestone.appraisal;

import static io.limestone.policy.PcrPolicy.IMA_PCR;

import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.evidence.PcrReplay;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.LongBytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Judges a measurement list alone, as step 5 of {@link Appraisal} does with a quote. That the list
 * is a machine's, and all of it, nobody has proven then.
 */
public final class ListAppraisal {
  private ListAppraisal() {}

  /**
   * What the list is like.
   *
   * @param pcr10 what it replays to, by bank
   * @param failures none if the policy accepts every entry, and the PCR, if one was given, fits
   */
  public record Result(
      long entries, SortedMap<HashAlg, Bytes> pcr10, List<Failure> failures, List<String> notes) {
    public boolean accepted() {
      return failures.isEmpty();
    }
  }

  /**
   * Judges a whole list.
   *
   * @param pcr10 what PCR 10 is known to be; absent: whatever the list replays to
   * @param mostFailures how many are told one by one
   */
  public static Result appraise(
      Bytes list,
      RuntimePolicy policy,
      Optional<PcrValues> pcr10,
      ViolationPolicy violations,
      int mostFailures) {
    SortedMap<HashAlg, Bytes> replayed = new TreeMap<>();
    long entries = replay(list, policy.logHash(), replayed);
    PcrValues expected =
        pcr10.orElseGet(
            () ->
                new PcrValues(
                    HashAlg.SHA256, new TreeMap<>(Map.of(IMA_PCR, replayed.get(HashAlg.SHA256)))));
    Findings findings = new Findings(SeverityPolicy.STRICT, mostFailures);
    var unused =
        new ImaAppraisal(Optional.of(policy), violations, findings, expected, Optional.empty())
            .appraise(
                Optional.of(new ImaSlice(list, 0)),
                new ImaAppraisal.Before(ImaProgress.NONE, Optional.empty()));
    return new Result(entries, replayed, findings.failures(), findings.notes());
  }

  private static long replay(Bytes list, HashAlg logHash, SortedMap<HashAlg, Bytes> values) {
    List<PcrReplay> banks = new ArrayList<>();
    Arrays.stream(HashAlg.values()).map(PcrReplay::ofZeros).forEach(banks::add);
    ImaCursor cursor = new ImaCursor(LongBytes.of(list), logHash);
    while (cursor.next()) {
      banks.forEach(cursor::extend);
    }
    banks.forEach(bank -> values.put(bank.bank(), bank.value()));
    return cursor.entries();
  }
}
