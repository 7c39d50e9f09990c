package io.limestone.appraisal;

import static io.limestone.policy.PcrPolicy.IMA_PCR;

import io.limestone.evidence.DmEvent;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.Span;
import io.limestone.policy.DmPolicy;
import io.limestone.policy.ImaKey;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.RuntimePolicy.Judgement;
import io.limestone.policy.VerificationKeys;
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

  private final Optional<RuntimePolicy> policy;
  private final boolean ignoreViolations;
  private final Findings findings;
  private final PcrValues pcrs;
  private final DmJudge deviceMapper;
  private VerificationKeys learned;

  ImaJudge(ReferenceValues reference, Findings findings, PcrValues pcrs, ImaProgress before) {
    this.policy = reference.runtime();
    this.ignoreViolations = reference.ignoreViolations();
    this.findings = findings;
    this.pcrs = pcrs;
    this.deviceMapper =
        new DmJudge(
            policy.map(RuntimePolicy::devices).orElse(DmPolicy.NONE), findings, before.devices());
    this.learned = before.learned();
  }

  /** Keys that the entries so far have loaded into the kernel, with the policy's leave. */
  VerificationKeys learned() {
    return learned;
  }

  /** Device-mapper devices after the entries so far. */
  DmDevices devices() {
    return deviceMapper.devices();
  }

  /** Judges what only the list as a whole shows. */
  void finish() {
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
    String name = entry.name().printable(MAX_SHOWN);
    if (number == 0) {
      notTheFirst(name);
    }
    if (ignoreViolations) {
      findings.note("entry " + number + ": changed while it was measured, ignored: " + name);
    } else {
      findings.fail(
          "ima.validation.tomtou",
          "no file changed between its measurement and its use",
          "violation entry " + number + ": " + name,
          "none",
          "find out what writes to this file while it is in use; where that is normal, leave the"
              + " file out of the IMA policy, or set verifier.ignore_tomtou_errors",
          context(
              "violations",
              entry,
              number,
              Map.of("message", "File was changed while it was measured: " + name)));
    }
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
    policy.ifPresent(one -> judge(one, entry, number));
  }

  private void judge(RuntimePolicy rules, ImaCursor entry, long number) {
    if (number == 0) {
      first(rules, entry);
      return;
    }
    switch (entry.template()) {
      case IMA, IMA_NG, IMA_NGV2, EVM_SIG -> file(rules, entry, number);
      case IMA_SIG, IMA_SIGV2, IMA_MODSIG -> {
        if (!isSigned(rules, entry)) {
          file(rules, entry, number);
        }
      }
      case IMA_BUF -> buffer(rules, entry, number);
    }
  }

  /** The kernel's first entry binds the list to the boot PCRs; without it the list is another's. */
  private void first(RuntimePolicy rules, ImaCursor entry) {
    if (!entry.name().is(BOOT_AGGREGATE)) {
      notTheFirst(entry.name().printable(MAX_SHOWN));
      return;
    }
    Judgement judgement = rules.file(entry.name(), entry.digest());
    List<Bytes> aggregates = BootAggregate.of(pcrs, entry.digestAlg());
    if (aggregates.isEmpty() || judgement == Judgement.EXCLUDED) {
      report(judgement, "digests", entry, 0, rules);
    } else if (!aggregates.contains(entry.digest().toBytes())) {
      findings.fail(
          "ima.validation.ima-ng.runtime_policy_hash",
          "boot_aggregate is the digest of the quoted boot PCRs",
          entry.digest().toBytes().hex(),
          aggregates.getFirst().hex() + " (PCR 0 to 7 as quoted), or PCR 0 to 9",
          "the list is of another boot, or boot PCRs were extended since the kernel started");
    }
  }

  private void notTheFirst(String name) {
    findings.fail(
        "ima.validation.ima-ng.not_in_allowlist",
        "the list begins with boot_aggregate",
        name,
        BOOT_AGGREGATE,
        "the node must send its list from its first entry since boot");
  }

  private boolean isSigned(RuntimePolicy rules, ImaCursor entry) {
    Span signature = entry.extra();
    return !signature.isEmpty()
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
    report(judgement, entry.isVerity() ? "verity" : "digests", entry, number, rules);
  }

  private void buffer(RuntimePolicy rules, ImaCursor entry, long number) {
    if (!rules.devices().isEmpty() && DmEvent.isNamed(entry.name())) {
      deviceMapper.entry(entry);
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
    if (!entry.digestAlg().isOf(entry.extra(), entry.digest())) {
      findings.fail(
          "ima.validation.ima_hash",
          "the digest of a measured key is that of the key",
          entry.digest().toBytes().hex(),
          "the digest of the key in the entry",
          "the list was altered");
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
    Span name = entry.name();
    String shown = name.printable(MAX_SHOWN);
    switch (judgement) {
      case ALLOWED, EXCLUDED -> {}
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
      case OTHER_DIGEST -> {
        List<String> expected = rules.fileDigests(name, 16).stream().map(Bytes::hex).toList();
        String got = entry.digest().toBytes().hex();
        findings.fail(
            "ima.validation.ima-ng.runtime_policy_hash",
            "what was measured has a digest that the runtime policy lists",
            shown + " is " + got,
            expected.isEmpty() ? "a digest that the policy lists" : String.join(" or ", expected),
            "if the file was updated on purpose, add its digest to the policy; if not, treat the"
                + " node as compromised",
            context(
                rule,
                entry,
                number,
                Map.of(
                    "message",
                    "Hash not found in runtime policy",
                    "got",
                    got,
                    "expected",
                    expected)));
      }
    }
  }

  /**
   * What a policy's author needs to know of a failing entry, besides Keylime's own context: its
   * number, the rule, and the name and digest as a policy would list them.
   */
  private static Map<String, Object> context(
      String rule, ImaCursor entry, long number, Map<String, ?> keylime) {
    Map<String, Object> context = new LinkedHashMap<>(keylime);
    Span name = entry.name();
    context.put("rule", rule);
    context.put("entry", number);
    context.put(
        "path",
        name.isUtf8() && name.length() <= MAX_NAME
            ? new String(name.toArray(), StandardCharsets.UTF_8)
            : name.printable(MAX_NAME));
    if (!entry.digest().isEmpty()) {
      context.put("digest", entry.digest().toBytes().hex());
      context.put("digest_alg", entry.digestAlg().kernelName());
    }
    return context;
  }
}
