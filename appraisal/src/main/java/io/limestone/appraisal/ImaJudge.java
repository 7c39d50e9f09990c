package io.limestone.appraisal;

import static io.limestone.policy.PcrPolicy.IMA_PCR;

import io.limestone.evidence.DmEvent;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaTemplate;
import io.limestone.evidence.Span;
import io.limestone.policy.DmPolicy;
import io.limestone.policy.ImaKey;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.RuntimePolicy.Judgement;
import io.limestone.policy.VerificationKeys;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.create.Measured;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Judges the entries of one measurement list, one after the other. */
final class ImaJudge {
  private static final String BOOT_AGGREGATE = "boot_aggregate";
  private static final int MAX_SHOWN = 200;
  private static final int MAX_NAME = 4096;
  private static final int MAX_LINE = 400;
  private static final int MAX_REPLACED = 20_000;

  private final Optional<RuntimePolicy> policy;
  private final ImaViolations violations;
  private final Findings findings;
  private final PcrValues pcrs;
  private final DmJudge deviceMapper;
  private final Map<String, Runnable> replaced = new LinkedHashMap<>();
  private long replacements;
  private VerificationKeys learned;
  private Optional<String> aggregate;

  ImaJudge(
      Optional<RuntimePolicy> policy,
      ViolationPolicy violations,
      Findings findings,
      PcrValues pcrs,
      ImaProgress before) {
    this.policy = policy;
    this.violations = new ImaViolations(violations, findings);
    this.findings = findings;
    this.pcrs = pcrs;
    this.deviceMapper =
        new DmJudge(
            policy.map(RuntimePolicy::devices).orElse(DmPolicy.NONE), findings, before.devices());
    this.learned = before.learned();
    this.aggregate = before.aggregate();
  }

  /**
   * What the entries so far have shown of the node, by which later ones are judged.
   *
   * @param learned keys that were loaded into the kernel, with the policy's leave
   * @param devices of the device mapper
   * @param aggregate the digest in entry 0, once it was judged
   */
  record Known(VerificationKeys learned, DmDevices devices, Optional<String> aggregate) {}

  Known known() {
    return new Known(learned, deviceMapper.devices(), aggregate);
  }

  /** Judges what only the list as a whole shows. To be called behind the last entry. */
  void finish() {
    violations.end();
    settle();
    deviceMapper.finish();
  }

  /**
   * Judges the entry at the cursor.
   *
   * @param number counted from boot, 0 is the first
   */
  void entry(ImaCursor entry, long number) {
    if (entry.kind() == ImaCursor.Kind.MALFORMED) {
      findings.fail(
          "ima.parser.entry",
          "entry " + number + " of the measurement list can be read",
          entry.problem() + ": " + entry.line(MAX_SHOWN),
          "an entry of a known template",
          "the node must send its list unchanged; a file name with a line feed also breaks it",
          Map.of("message", "Line was not parsable into a valid IMA entry: " + entry.line(60)));
      return;
    }
    if (entry.pcr() != IMA_PCR) {
      findings.fail(
          "ima.validation.ima_pcr",
          "entry " + number + " is of PCR 10",
          entry.pcr() < 0 ? entry.line(12) : "PCR " + entry.pcr(),
          "PCR 10",
          "measure into PCR 10 (no pcr= in the node's IMA policy)");
    }
    switch (entry.kind()) {
      case VIOLATION -> violation(entry, number);
      case ENTRY -> measured(entry, number);
      case MALFORMED -> throw new IllegalStateException("handled above");
    }
  }

  private void violation(ImaCursor entry, long number) {
    if (policy.isEmpty()) {
      return;
    }
    if (number == 0) {
      notTheFirst(entry.name().printable(MAX_SHOWN));
    }
    violations.violation(number, entry.name(), context("violations", entry, number, Map.of()));
  }

  private void measured(ImaCursor entry, long number) {
    if (!entry.hashMatches()) {
      findings.fail(
          "ima.validation.ima_hash",
          "the template hash of entry " + number + " is that of its fields",
          entry.line(MAX_SHOWN),
          "an entry as the kernel wrote it",
          "the list was altered, or log_hash_alg in the runtime policy is not the kernel's");
      return;
    }
    if (policy.isPresent()) {
      judge(policy.get(), entry, number);
    }
  }

  private void judge(RuntimePolicy rules, ImaCursor entry, long number) {
    if (entry.template() == ImaTemplate.IMA_BUF) {
      if (number == 0) {
        notTheFirst(entry.name().printable(MAX_SHOWN));
      }
      buffer(rules, entry, number);
      return;
    }
    violations.measured(number, entry.name());
    if (entry.name().is(BOOT_AGGREGATE)) {
      bootAggregate(rules, entry, number);
      return;
    }
    if (number == 0) {
      notTheFirst(entry.name().printable(MAX_SHOWN));
    }
    switch (entry.template()) {
      case IMA, IMA_NG, IMA_NGV2, EVM_SIG -> file(rules, entry, number);
      case IMA_SIG, IMA_SIGV2, IMA_MODSIG -> {
        if (Measured.isSignature(entry.extra())) {
          file(rules, entry, number);
        } else {
          // Template names are not hashed: a buffer relabelled as a signed file is found out by
          // this, and the other way round by the digest of the buffer.
          notASignature(entry);
        }
      }
      case IMA_BUF -> throw new IllegalStateException("handled above");
    }
  }

  /**
   * The kernel's first entry binds the list to the boot PCRs. A kernel that was started with kexec
   * and took the list over adds another one; neither the TPM nor the boot PCRs were reset in
   * between, so that it must be the same.
   *
   * <p>A file may have this name too, where its place cannot be told (IMA then names it without its
   * folder). Only entry 0 is surely the kernel's: where it is excluded from the policy, that
   * excuses later ones of the same digest, and nothing else.
   */
  private void bootAggregate(RuntimePolicy rules, ImaCursor entry, long number) {
    Optional<String> found = Optional.of(aggregateOf(entry));
    if (number == 0) {
      aggregate = found;
    } else {
      findings.note("entry " + number + ": a kernel was started with kexec, the list went on");
      deviceMapper.kernelStarted(number);
    }
    List<Bytes> aggregates =
        entry.isVerity() ? List.of() : BootAggregate.of(pcrs, entry.digestAlg());
    if (aggregates.contains(entry.digest().toBytes())) {
      return;
    }
    boolean excluded = rules.excludes(entry.name());
    if (excluded && !found.equals(aggregate) && !isListed(rules, entry)) {
      anotherAggregate(entry, aggregate.orElse("not known") + " (entry 0)");
    } else if (aggregates.isEmpty() || excluded) {
      findings.note(
          "boot_aggregate is not compared with the boot PCRs: "
              + (excluded
                  ? "the policy excludes it"
                  : "they are not quoted in bank " + entry.digestAlg().kernelName()));
      file(rules, entry, number);
    } else {
      anotherAggregate(
          entry, aggregates.getFirst().hex() + " (PCR 0 to 7 as quoted), or PCR 0 to 9");
    }
  }

  private static String aggregateOf(ImaCursor entry) {
    return (entry.isVerity() ? RuntimePolicy.VERITY : "")
        + entry.digestAlg().kernelName()
        + ":"
        + entry.digest().toBytes().hex();
  }

  private static boolean isListed(RuntimePolicy rules, ImaCursor entry) {
    return !entry.isVerity() && rules.file(entry.name(), entry.digest()) == Judgement.ALLOWED;
  }

  private void anotherAggregate(ImaCursor entry, String expected) {
    findings.fail(
        "ima.validation.ima-ng.runtime_policy_hash",
        "boot_aggregate is the digest of the boot PCRs",
        entry.digest().toBytes().hex(),
        expected,
        "the list is of another boot, boot PCRs were extended since the kernel started, or a file"
            + " was given this name: reboot, and if it stays, treat the node as compromised");
  }

  private void notTheFirst(String name) {
    findings.fail(
        "ima.validation.ima-ng.not_in_allowlist",
        "the list begins with boot_aggregate",
        name,
        BOOT_AGGREGATE,
        "the node must send its list from its first entry since boot");
  }

  private void notASignature(ImaCursor entry) {
    findings.fail(
        "ima.validation.ima_hash",
        "the signature field holds a signature",
        entry.line(MAX_SHOWN),
        "nothing, or a signature of IMA, EVM or fs-verity",
        "the list was altered: a buffer's entry can be made to look like a signed file's");
  }

  private boolean isSigned(RuntimePolicy rules, ImaCursor entry) {
    return !entry.extra().isEmpty()
        && !entry.name().is(BOOT_AGGREGATE)
        && (isSignedBy(rules.verificationKeys(), entry) || isSignedBy(learned, entry));
  }

  private static boolean isSignedBy(VerificationKeys keys, ImaCursor entry) {
    return keys.verify(entry.extra(), entry.digestAlg(), entry.digest(), entry.isVerity());
  }

  private void file(RuntimePolicy rules, ImaCursor entry, long number) {
    Judgement judgement =
        entry.isVerity()
            ? rules.verity(entry.name(), entry.digest())
            : rules.file(entry.name(), entry.digest());
    if (judgement != Judgement.ALLOWED && judgement != Judgement.EXCLUDED) {
      // Only now: verifying takes a thousand times as long as looking up.
      if (findings.full() && !entry.extra().isEmpty()) {
        return; // nor for a list that fails anyway: it may be made up of such entries
      }
      if (isSigned(rules, entry)) {
        judgement = Judgement.ALLOWED;
      } else if (judgement == Judgement.OTHER_DIGEST
          && rules.allowedBefore(entry.name(), entry.digest())) {
        replaced.put(key(entry.name()), otherDigest("digests", entry, number, rules));
        if (replaced.size() > MAX_REPLACED) {
          settle();
        }
        return;
      }
    }
    if (judgement == Judgement.ALLOWED && !replaced.isEmpty()) {
      replacements += replaced.remove(key(entry.name())) == null ? 0 : 1;
    }
    report(judgement, entry.isVerity() ? "verity" : "digests", entry, number, rules);
  }

  private static String key(Span name) {
    return new String(name.toArray(), StandardCharsets.ISO_8859_1);
  }

  /**
   * Everything up to here is bound to the quote, or there is no more: a file with a digest of the
   * policy before must have been measured again since, with one of today's.
   */
  void settle() {
    replaced.values().forEach(Runnable::run);
    replaced.clear();
    if (replacements > 0) {
      findings.note(replacements + " files were replaced since they ran first, as the policy says");
      replacements = 0;
    }
  }

  private void buffer(RuntimePolicy rules, ImaCursor entry, long number) {
    if (!rules.devices().isEmpty() && DmEvent.isNamed(entry.name())) {
      deviceMapper.entry(entry);
      return;
    }
    if (!entry.digestAlg().isOf(entry.extra(), entry.digest())) {
      findings.fail(
          "ima.validation.ima_hash",
          "the digest of a measured key or buffer is that of its data",
          entry.digest().toBytes().hex(),
          "the digest of the data in the entry",
          "the list was altered: entries of other templates can be made to look like a buffer's");
      return;
    }
    switch (ImaKey.ofBuffer(entry.extra())) {
      case ImaKey.Measured.Other other ->
          report(rules.buffer(entry.name(), entry.digest()), "ima-buf", entry, number, rules);
      case ImaKey.Measured.Unusable unusable ->
          findings.fail(
              "ima.invalid_key",
              "a key loaded into a keyring is RSA or elliptic curve",
              "another kind, in keyring " + entry.name().printable(MAX_SHOWN),
              "RSA or elliptic curve",
              "load no such key into a kernel keyring that is measured");
      case ImaKey.Measured.Usable usable -> key(rules, entry, number, usable.key());
    }
  }

  private void key(RuntimePolicy rules, ImaCursor entry, long number, ImaKey key) {
    Span keyring = entry.name();
    if (rules.ignoresKeyring(keyring)) {
      return;
    }
    Judgement judgement = rules.key(keyring, entry.digest());
    report(judgement, "keyrings", entry, number, rules);
    if (judgement == Judgement.ALLOWED) {
      learned = learned.with(key);
    }
  }

  /**
   * @param rule the part of the policy that decides: {@code digests}, {@code verity}, {@code
   *     keyrings}, {@code ima-buf}
   */
  private void report(
      Judgement judgement, String rule, ImaCursor entry, long number, RuntimePolicy rules) {
    if (judgement == Judgement.ALLOWED || judgement == Judgement.EXCLUDED) {
      return;
    }
    Span name = entry.name();
    String shown = name.printable(MAX_SHOWN); // only now: most entries are allowed
    switch (judgement) {
      case ALLOWED, EXCLUDED -> throw new IllegalStateException("handled above");
      case UNKNOWN_NAME ->
          findings.fail(
              "ima.validation.ima-ng.not_in_allowlist",
              "what was measured is in the runtime policy",
              shown,
              "a name in the runtime policy",
              "if the file belongs there, add it to the policy; if not, find out how it came to be"
                  + " run",
              context(
                  rule, entry, number, Map.of("message", "File not found in allowlist: " + shown)));
      case OTHER_DIGEST -> otherDigest(rule, entry, number, rules).run();
    }
  }

  /** Says so, later perhaps: what it says of the entry is taken now. */
  private Runnable otherDigest(String rule, ImaCursor entry, long number, RuntimePolicy rules) {
    String shown = entry.name().printable(MAX_SHOWN);
    List<String> expected = rules.fileDigests(entry.name(), 16).stream().map(Bytes::hex).toList();
    String got = entry.digest().toBytes().hex();
    Map<String, Object> context =
        context(
            rule,
            entry,
            number,
            Map.of(
                "message", "Hash not found in runtime policy", "got", got, "expected", expected));
    return () ->
        findings.fail(
            "ima.validation.ima-ng.runtime_policy_hash",
            "what was measured has a digest that the runtime policy lists",
            shown + " is " + got,
            expected.isEmpty() ? "a digest that the policy lists" : String.join(" or ", expected),
            "if the file was updated on purpose, add its digest to the policy; if not, treat the"
                + " node as compromised",
            context);
  }

  /**
   * What a policy's author needs to know of a failing entry, besides Keylime's own context: its
   * number and line, the rule, and the name and digest as a policy would list them.
   */
  private static Map<String, Object> context(
      String rule, ImaCursor entry, long number, Map<String, ?> keylime) {
    Map<String, Object> context = new LinkedHashMap<>(keylime);
    Span name = entry.name();
    boolean listable = name.isUtf8() && name.length() <= MAX_NAME;
    context.put("rule", rule);
    context.put("entry", number);
    context.put("line", entry.line(MAX_LINE));
    context.put(
        "path",
        listable ? new String(name.toArray(), StandardCharsets.UTF_8) : name.printable(MAX_NAME));
    if (!listable) {
      context.put("listable", false);
    }
    if (!entry.digest().isEmpty()) {
      context.put("digest", entry.digest().toBytes().hex());
      context.put("digest_alg", entry.digestAlg().kernelName());
    }
    return context;
  }
}
