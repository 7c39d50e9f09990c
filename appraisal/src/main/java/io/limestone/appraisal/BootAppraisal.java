package io.limestone.appraisal;

import io.limestone.evidence.ImaSlice;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.Judgement;
import io.limestone.policy.boot.Objection;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Step 6: the boot PCRs against the event log, and the log against the measured-boot policy. */
final class BootAppraisal {
  /** The PCRs that an event log accounts for; 10 is IMA's (measured-boot §4). */
  static final Set<Integer> PCRS =
      IntStream.rangeClosed(0, 15).filter(pcr -> pcr != 10).boxed().collect(Collectors.toSet());

  /** These every firmware extends: one that is still zero was never measured into (threat 12). */
  private static final int FIRMWARE_PCRS = 8;

  private static final int ALWAYS_QUOTED = 10;

  private final BootPolicy policy;
  private final PcrValues pcrs;
  private final Findings findings;

  private BootAppraisal(BootPolicy policy, PcrValues pcrs, Findings findings) {
    this.policy = policy;
    this.pcrs = pcrs;
    this.findings = findings;
  }

  static void appraise(
      Optional<BootPolicy> policy,
      Optional<Bytes> log,
      Optional<ImaSlice> ima,
      PcrValues pcrs,
      Findings findings) {
    if (policy.isEmpty()) {
      findings.note("measured boot: NOT CHECKED (no policy)");
    } else {
      new BootAppraisal(policy.get(), pcrs, findings).appraise(log, ima);
    }
  }

  private void appraise(Optional<Bytes> log, Optional<ImaSlice> ima) {
    policy
        .problem()
        .ifPresent(
            problem ->
                findings.fail(
                    "pcr_validation.invalid_mb_policy",
                    "the measured-boot policy can be read",
                    Encoding.printable(problem, 200),
                    "a JSON object",
                    "correct the policy"));
    if (log.isEmpty() || log.get().isEmpty()) {
      noLog("no event log");
      return;
    }
    BootLog boot;
    try {
      boot = BootLog.parse(log.get());
    } catch (MalformedException e) {
      findings.fail(
          "measured_boot.parser.tpm2_eventlog.error",
          "the event log can be read",
          Encoding.printable(String.valueOf(e.getMessage()), 200),
          "a TCG event log",
          "the node must send its binary_bios_measurements unchanged");
      return;
    }
    if (boot.events().isEmpty()) {
      noLog("an event log without events");
    } else if (!boot.banks().contains(pcrs.bank())) {
      findings.fail(
          "measured_boot.parser.invalid_pcrs_hashes",
          "the event log has the quoted bank",
          boot.banks().toString(),
          pcrs.bank().keylimeName(),
          "quote a bank that the firmware measures into");
    } else {
      compare(boot);
      List<MeasuredEvent> events =
          boot.measured(pcrs.bank()).stream().filter(event -> PCRS.contains(event.pcr())).toList();
      BootEventData.check(events, findings);
      resettable(boot);
      ima.ifPresent(list -> BootAggregate.check(boot, list, findings));
      if (policy.problem().isEmpty()) { // told already
        evaluate(events); // never by what software could have put into a PCR that it can reset
      }
    }
  }

  /** PCRs that software can reset say nothing about a boot (threat 25). */
  private void resettable(BootLog boot) {
    SortedSet<Integer> others = new TreeSet<>();
    boot.events().stream()
        .filter(event -> event.isExtended() && !PCRS.contains(event.pcr()))
        .forEach(event -> others.add(event.pcr()));
    if (!others.isEmpty()) {
      findings.note("measured boot: events of PCR " + others + " in the log are not used");
    }
  }

  private void noLog(String found) {
    int first =
        PCRS.stream().filter(pcr -> pcrs.get(pcr).isPresent()).min(Integer::compare).orElse(0);
    findings.fail(
        "pcr_validation.unused_pcr_" + first,
        "the event log accounts for the boot PCRs",
        found,
        "the log of this boot",
        "the node must send its event log; ask for PCR 0 in the mask");
  }

  private void compare(BootLog boot) {
    BootLog.Replay replay = boot.replay(pcrs.bank());
    SortedSet<Integer> missing = new TreeSet<>();
    for (int pcr : policy.pcrs()) {
      Optional<Bytes> quoted = pcrs.get(pcr);
      boolean measured = replay.values().containsKey(pcr) || replay.incomplete().contains(pcr);
      if (quoted.isPresent()) {
        compare(pcr, quoted.get(), replay);
      } else if (measured || pcr < ALWAYS_QUOTED || policy.measuresLater(pcr)) {
        missing.add(pcr);
      }
    }
    if (!missing.isEmpty()) {
      findings.fail(
          "measured_boot.missing_pcrs",
          "every PCR that the boot log accounts for is quoted",
          "not quoted: " + missing,
          "quoted: 0 to 9, and 11 to 15 where the log has events",
          "name these PCRs in the mask of tpm_policy");
    }
  }

  private void compare(int pcr, Bytes quoted, BootLog.Replay replay) {
    String expected;
    if (replay.incomplete().contains(pcr)) {
      expected = "events that all have a digest of bank " + pcrs.bank().keylimeName();
    } else {
      Bytes value = replay.values().getOrDefault(pcr, pcrs.bank().zeros());
      boolean good = policy.values(pcr, pcrs.bank(), value).contains(quoted);
      if (good && !(pcr < FIRMWARE_PCRS && quoted.isAll(0))) {
        return;
      }
      expected = good ? "a value that firmware has extended" : value.hex() + " (replay)";
    }
    findings.fail(
        "measured_boot.invalid_pcr_" + pcr,
        "PCR " + pcr + " is what the event log replays to",
        quoted.hex(),
        expected,
        "something was measured that the log does not tell, or the log was altered: reboot, and"
            + " if it stays, find out what extends this PCR");
  }

  private void evaluate(List<MeasuredEvent> events) {
    Judgement judgement = policy.judge(events);
    judgement.outdated().forEach(findings::outdated);
    for (Objection objection : judgement.objections()) {
      Map<String, Object> context = new LinkedHashMap<>();
      context.put("context", objection.check());
      context.put("got", objection.found());
      context.put("expected", objection.expected());
      context.put("event", objection.event());
      objection
          .change()
          .ifPresent(change -> context.put("patch", List.of(new JsonObject(change.json()))));
      findings.fail(
          "measured_boot.policy_" + policy.name(),
          objection.check(),
          objection.found(),
          objection.expected(),
          objection.remedy(),
          context);
    }
  }
}
