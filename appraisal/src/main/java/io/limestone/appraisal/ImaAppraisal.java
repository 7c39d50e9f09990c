package io.limestone.appraisal;

import static io.limestone.policy.PcrPolicy.IMA_PCR;

import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.evidence.PcrReplay;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Step 5: the measurement list against PCR 10, entry by entry and incrementally, and against the
 * runtime policy (ima.md §5 and §6). Entries beyond the quote are judged too, but not counted as
 * bound: they are asked for again.
 */
final class ImaAppraisal {
  /** State from before, and why the list starts again from entry 0, if it does. */
  record Before(ImaProgress progress, Optional<String> restarted) {}

  sealed interface Outcome {}

  /** The list was judged as far as it could be; findings say whether it passed. */
  record Judged(ImaProgress progress) implements Outcome {}

  /** Only the tail of a list that has started again: nothing can be said before the whole is. */
  record Restarted(String reason) implements Outcome {}

  private static final Judged NOTHING = new Judged(ImaProgress.NONE);

  private final Optional<RuntimePolicy> policy;
  private final ViolationPolicy violations;
  private final Findings findings;
  private final PcrValues pcrs;
  private final Optional<Trying> trying;

  ImaAppraisal(
      ReferenceValues reference, Findings findings, PcrValues pcrs, Optional<Trying> trying) {
    this(reference.runtime(), reference.violations(), findings, pcrs, trying);
  }

  ImaAppraisal(
      Optional<RuntimePolicy> policy,
      ViolationPolicy violations,
      Findings findings,
      PcrValues pcrs,
      Optional<Trying> trying) {
    this.policy = policy;
    this.violations = violations;
    this.findings = findings;
    this.pcrs = pcrs;
    this.trying = trying;
  }

  Outcome appraise(Optional<ImaSlice> slice, Before before) {
    Optional<Bytes> quoted = pcrs.get(IMA_PCR);
    if (quoted.isEmpty()) {
      notQuoted();
      return NOTHING;
    }
    if (slice.isEmpty()) {
      noList("no list in the answer");
      return NOTHING;
    }
    if (policy.isEmpty()) {
      findings.note("runtime integrity: NOT CHECKED (no runtime policy)");
    }
    ImaProgress progress = before.progress();
    long first = slice.get().firstEntry();
    if (first == 0) {
      return judge(slice.get(), quoted.get(), ImaProgress.NONE, before);
    }
    if (first != progress.nextEntry()) {
      findings.failForGood(
          "qoute_validation.invalid_ima_entry_nb",
          "the list starts where it was asked to",
          "entry " + first,
          "entry 0 or " + progress.nextEntry(),
          "the node must send the list from the entry asked for, or whole");
      return NOTHING;
    }
    if (before.restarted().isPresent()) {
      return new Restarted(before.restarted().get() + ": the whole measurement list is needed");
    }
    if (!progress.running().map(ImaProgress.Running::bank).equals(Optional.of(pcrs.bank()))) {
      return new Restarted("the quoted bank changed: the whole measurement list is needed");
    }
    return judge(slice.get(), quoted.get(), progress, before);
  }

  private void notQuoted() {
    if (policy.filter(one -> !one.isEmpty()).isPresent()) {
      findings.fail(
          "pcr_validation.missing_pcrs",
          "PCR 10 is quoted, as the runtime policy demands",
          "PCR 10 is not quoted",
          "PCR 10",
          "name PCR 10 in the mask of tpm_policy (0x400)");
    } else {
      findings.note(
          "runtime integrity: NOT CHECKED ("
              + (policy.isPresent() ? "the policy is empty" : "no runtime policy")
              + ", PCR 10 not asked for)");
    }
  }

  private void noList(String found) {
    findings.fail(
        "pcr_validation.unused_pcr_10",
        "the measurement list accounts for PCR 10",
        found,
        "the node's IMA measurement list",
        "the node must send its list; is IMA switched on (kernel parameter ima_policy=) and its"
            + " list readable for the agent?");
  }

  private Judged judge(ImaSlice slice, Bytes quoted, ImaProgress from, Before before) {
    PcrReplay replay = replay(from);
    ImaCursor cursor = cursor(slice);
    ImaJudge judge = new ImaJudge(policy, violations, findings, pcrs, from);
    ImaJudge other = trying.flatMap(one -> one.judge(cursor.logHash(), from)).orElse(null);
    byte[] target = quoted.toArray();
    long matched = replay.is(target) ? 0 : -1;
    ImaJudge.Known bound = judge.known();
    ImaJudge.Known otherBound = other == null ? bound : other.known();
    while (cursor.next()) {
      requireWanted();
      cursor.extend(replay);
      judge.entry(cursor, from.nextEntry() + cursor.entries() - 1);
      if (other != null) {
        other.entry(cursor, from.nextEntry() + cursor.entries() - 1);
      }
      if (matched < 0 && replay.is(target)) {
        matched = cursor.entries();
        bound = judge.known();
        judge.settle();
        if (other != null) {
          otherBound = other.known();
          other.settle();
        }
      }
    }
    judge.finish();
    if (other != null) {
      other.finish();
    }
    if (matched < 0) {
      mismatch(quoted, replay.value(), explanation(slice, target, from, before));
      return NOTHING;
    }
    if (from.nextEntry() + matched == 0 && policy.isPresent()) {
      // A PCR that was never extended would be "accounted for" by the beginning of any list.
      noList(cursor.entries() == 0 ? "an empty list" : "PCR 10 was never extended");
    }
    if (from.ahead() > 0 && matched < from.ahead() && matched != cursor.entries()) {
      findings.fail(
          "ima.quote_progress",
          "the quote covers the entries seen last time",
          matched + " of them",
          from.ahead() + " entries",
          "the node must quote after it has read its list; PCR 10 lags behind the list");
    }
    ImaProgress progress =
        new ImaProgress(
            from.nextEntry() + matched,
            Optional.of(new ImaProgress.Running(pcrs.bank(), quoted)),
            cursor.entries() - matched,
            bound.learned(),
            bound.devices(),
            bound.aggregate());
    if (other != null) {
      trying.orElseThrow().bound(progress.as(otherBound));
    }
    return new Judged(progress);
  }

  /** A list and a policy, made for that, take hours; whoever waited for them may be gone. */
  private static void requireWanted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("nobody waits for this appraisal any more");
    }
  }

  private PcrReplay replay(ImaProgress from) {
    return from.running()
        .map(at -> new PcrReplay(at.bank(), at.pcr10()))
        .orElseGet(() -> PcrReplay.ofZeros(pcrs.bank()));
  }

  private ImaCursor cursor(ImaSlice slice) {
    return new ImaCursor(slice.text(), logHash());
  }

  private HashAlg logHash() {
    return policy.map(RuntimePolicy::logHash).orElse(HashAlg.SHA1);
  }

  private void mismatch(Bytes quoted, Bytes replayed, String remedy) {
    findings.fail(
        "ima.pcr_mismatch",
        "the measurement list replays to PCR 10",
        replayed.hex() + " (after the last entry; no entry before gives the quoted value either)",
        quoted.hex() + " (quoted)",
        remedy);
  }

  /** Why the list may not replay, as far as that can be found out, and what to do. */
  private String explanation(ImaSlice slice, byte[] quoted, ImaProgress from, Before before) {
    if (isOfOldKernel(slice, quoted, from)) {
      return "the kernel is older than Linux 5.8: it extends this bank with padded SHA-1 digests,"
          + " which prove no more than SHA-1. Update the kernel, or have the node quote bank sha1"
          + " and accept that";
    }
    if (slice.firstEntry() == 0
        && before.progress().nextEntry() > 0
        && before.restarted().isEmpty()) {
      return "the list began again though the TPM was not reset: a kernel was started with kexec"
          + " and did not take the list over, or the list was replaced. Reboot the node";
    }
    return "the list was altered or cut, or entries were extended elsewhere: reboot the node, and if"
        + " it stays, treat it as compromised";
  }

  private boolean isOfOldKernel(ImaSlice slice, byte[] quoted, ImaProgress from) {
    if (pcrs.bank() == HashAlg.SHA1 || logHash() != HashAlg.SHA1) {
      return false;
    }
    PcrReplay padded = replay(from);
    ImaCursor cursor = cursor(slice);
    while (cursor.next()) {
      cursor.extendPadded(padded);
      if (padded.is(quoted)) {
        return true;
      }
    }
    return false;
  }
}
