package io.limestone.appraisal;

import static io.limestone.policy.PcrPolicy.DATA_PCR;
import static io.limestone.policy.PcrPolicy.IMA_PCR;

import io.limestone.tpm.Attest;
import io.limestone.tpm.ClockInfo;
import io.limestone.tpm.ClockRule;
import io.limestone.tpm.DataPcr;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.QuoteVerifier;
import io.limestone.tpm.SigningScheme;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;

/**
 * Judges one attestation, in the numbered steps of pull-protocol §4.2 and RFC 9334's appraisal of
 * evidence. Steps 1 to 3 make the quote believed, and end the appraisal if they fail; steps 4 to 8
 * judge what it says, and all of them are taken.
 *
 * <ol>
 *   <li>The declared algorithms are accepted, and a transport key is there to bind.
 *   <li>The quote: structure, key, nonce, signature, selection, PCR digest ({@link QuoteVerifier}).
 *   <li>The TPM's clock and counters went forward.
 *   <li>PCR 16 binds the transport key.
 *   <li>PCR 10 is the measurement list's, and the runtime policy allows what it lists.
 *   <li>The boot PCRs are the event log's, and the measured-boot policy accepts it.
 *   <li>PCRs with static values have one of them.
 *   <li>No PCR is missing that a policy judges.
 * </ol>
 */
public final class Appraisal {
  private static final String QUOTE = "qoute_validation."; // Keylime's spelling: users match on it

  private final Evidence evidence;
  private final ReferenceValues reference;
  private final AttestationState before;
  private final Findings findings;
  private final Optional<Candidate> candidate;
  private Optional<Candidate.Result> tried = Optional.empty();
  private Optional<PcrValues> signed = Optional.empty();

  private Appraisal(
      Evidence evidence,
      ReferenceValues reference,
      AttestationState before,
      Optional<Candidate> candidate) {
    this.evidence = evidence;
    this.reference = reference;
    this.before = before;
    this.findings = new Findings(reference.severity());
    this.candidate = candidate;
  }

  /**
   * The verdict on {@code evidence}. Pure, and never throws on hostile evidence: what cannot be
   * judged is untrusted.
   *
   * @throws CancellationException if the thread is interrupted: there is no verdict then
   */
  public static Verdict appraise(
      Evidence evidence, ReferenceValues reference, AttestationState before) {
    return new Appraisal(evidence, reference, before, Optional.empty()).verdict();
  }

  /**
   * The verdict, and what else was found on the way to it.
   *
   * @param tried what policies that are only tried find in the same evidence; absent where nothing
   *     can be said of them: none is tried, the quote is not good, or the list is not bound to it
   * @param quoted absent where the quote is not good
   */
  public record Judgement(
      Verdict verdict, Optional<Candidate.Result> tried, Optional<Quoted> quoted) {}

  /**
   * What a good quote says.
   *
   * @param pcrs all signed
   * @param sound whether nothing failed but that the runtime policy does not allow what was
   *     measured
   */
  public record Quoted(PcrValues pcrs, boolean sound) {}

  /** As {@link #appraise}, and tells what the quote proves. */
  public static Judgement judge(
      Evidence evidence, ReferenceValues reference, AttestationState before) {
    return new Appraisal(evidence, reference, before, Optional.empty()).judgement();
  }

  /** As {@link #judge(Evidence, ReferenceValues, AttestationState)}, and tries the candidate. */
  public static Judgement judge(
      Evidence evidence, ReferenceValues reference, AttestationState before, Candidate candidate) {
    return new Appraisal(evidence, reference, before, Optional.of(candidate)).judgement();
  }

  private Judgement judgement() {
    Verdict verdict = verdict();
    return new Judgement(
        verdict, tried, signed.map(pcrs -> new Quoted(pcrs, !findings.failedOtherwise())));
  }

  private Verdict verdict() {
    try {
      return run();
    } catch (CancellationException e) {
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      // The supervised edge: whatever a check did not foresee is a reason not to trust (T10).
      findings.failForGood(
          "internal.verifier.exception",
          "every check ran to its end",
          Encoding.printable(e.toString(), 300),
          "a judgement",
          "report this as a bug; the node stays untrusted");
      tried = Optional.empty();
      signed = Optional.empty();
      return untrusted(before.clock());
    }
  }

  private Verdict run() {
    Optional<HashAlg> bank = declaredAlgorithms();
    Optional<String> key = transportKey();
    if (findings.failed() || bank.isEmpty()) {
      return untrusted(before.clock());
    }
    PcrSelection asked = asked(bank.get());
    Bytes nonce = Bytes.of(evidence.nonce().getBytes(StandardCharsets.UTF_8));
    return switch (QuoteVerifier.verify(evidence.quote(), reference.ak(), nonce, asked)) {
      case QuoteVerifier.Refused refused -> {
        findings.failForGood(
            QUOTE + "quote_validation",
            "quote, step " + refused.step().number() + " (" + refused.step() + ")",
            Encoding.printable(refused.found(), 400),
            Encoding.printable(refused.expected(), 400),
            "the node must answer with a quote by its enrolled attestation key, over this nonce"
                + " and these PCRs");
        yield untrusted(before.clock());
      }
      case QuoteVerifier.Verified verified ->
          judge(verified.attest().clock(), verified.pcrs(), key);
    };
  }

  /** Step 1: what is declared is accepted, and is what the attestation key really does. */
  private Optional<HashAlg> declaredAlgorithms() {
    Optional<SigningScheme> scheme = reference.ak().scheme();
    Optional<HashAlg> bank = HashAlg.named(evidence.hashAlg());
    Optional<String> signs = scheme.map(s -> s.alg().keylimeName());
    Optional<String> hashes = scheme.map(s -> s.hash().keylimeName());
    algorithm(
        "hash",
        evidence.hashAlg(),
        bank.isPresent()
            && reference.accepted().acceptsHash(evidence.hashAlg())
            && hashes.map(reference.accepted()::acceptsHash).orElse(true),
        reference.accepted().hash());
    algorithm(
        "enc",
        evidence.encAlg(),
        reference.accepted().acceptsEncryption(evidence.encAlg())
            && reference.accepted().acceptsEncryption(reference.ak().keylimeAlg()),
        reference.accepted().encryption());
    algorithm(
        "sign",
        evidence.signAlg(),
        reference.accepted().acceptsSigning(evidence.signAlg())
            && signs.map(evidence.signAlg()::equals).orElse(true),
        reference.accepted().signing());
    return bank;
  }

  private void algorithm(String kind, String declared, boolean good, Set<String> accepted) {
    if (!good) {
      findings.failForGood(
          QUOTE + "invalid_" + kind + "_alg",
          kind + " algorithm is accepted, and is the attestation key's",
          "declared "
              + Encoding.printable(declared, 40)
              + "; the key is "
              + reference.ak().keylimeAlg()
              + reference.ak().scheme().map(scheme -> ", " + scheme).orElse(""),
          new TreeSet<>(accepted).toString(),
          "configure the node for an accepted algorithm, or enrol it with this one accepted");
    }
  }

  private Optional<String> transportKey() {
    Optional<String> key = evidence.publicKeyPem().or(before::publicKeyPem);
    if (reference.bindsTransportKey() && key.isEmpty()) {
      findings.failForGood(
          QUOTE + "no_pubkey",
          "the transport key is known",
          "none delivered, none known from before",
          "a public key in the answer",
          "ask for the whole answer (partial=0)");
    }
    return key;
  }

  private PcrSelection asked(HashAlg bank) {
    int mask = reference.pcrs().mask().orElseGet(this::signedMask);
    return new PcrSelection(bank, reference.bindsTransportKey() ? mask | (1 << DATA_PCR) : mask);
  }

  /** Where nobody asked, the signed selection itself; the policies then demand what they need. */
  private int signedMask() {
    try {
      return Attest.parse(evidence.quote().attest()).attested() instanceof Attest.Quote quote
              && quote.selections().size() == 1
          ? quote.selections().getFirst().mask()
          : 0;
    } catch (MalformedException e) {
      return 0; // the verifier of quotes will refuse it, and say why
    }
  }

  /** Steps 3 to 8, on signed values only. */
  private Verdict judge(ClockInfo clock, PcrValues pcrs, Optional<String> key) {
    Optional<String> backwards =
        before
            .clock()
            .map(old -> ClockRule.refuse(old, clock))
            .orElseGet(() -> ClockRule.refuse(clock));
    if (backwards.isPresent()) {
      findings.failForGood(
          QUOTE + "quote_validation",
          "the TPM's clock and counters went forward",
          backwards.get(),
          "a later clock of the same TPM",
          "a TPM that was cleared or replaced must be enrolled again");
      return untrusted(before.clock());
    }
    signed = Optional.of(pcrs);
    if (reference.bindsTransportKey()) {
      keyBinding(pcrs, key.orElseThrow());
    }
    Optional<Trying> trying = candidate.map(one -> new Trying(one, reference, pcrs));
    ImaAppraisal.Outcome ima =
        new ImaAppraisal(reference, findings, pcrs, trying)
            .appraise(evidence.ima(), progress(clock));
    BootAppraisal.appraise(reference.boot(), evidence.bootLog(), evidence.ima(), pcrs, findings);
    tried = trying.flatMap(one -> one.result(evidence));
    staticPcrs(pcrs);
    unjudged(pcrs);
    if (findings.failed()) {
      return untrusted(Optional.of(clock));
    }
    return switch (ima) {
      case ImaAppraisal.Restarted restarted ->
          new Verdict.AskAgain(
              new AttestationState(
                  Optional.of(clock), before.publicKeyPem(), ImaProgress.NONE, evidence.bootTime()),
              restarted.reason());
      case ImaAppraisal.Judged judged ->
          new Verdict.Trusted(
              new AttestationState(Optional.of(clock), key, judged.progress(), evidence.bootTime()),
              pcrs,
              findings.notes(),
              findings.outdated());
    };
  }

  /** How far the list had got; why it starts again from 0, if the node has restarted since. */
  private ImaAppraisal.Before progress(ClockInfo clock) {
    Optional<String> restarted =
        before
            .clock()
            .filter(
                old ->
                    old.resetCount() != clock.resetCount()
                        || old.restartCount() != clock.restartCount())
            .map(old -> "the TPM was reset or restarted since the last attestation");
    boolean otherBoot =
        before.bootTime().isPresent()
            && evidence.bootTime().isPresent()
            && before.bootTime().getAsLong() != evidence.bootTime().getAsLong();
    return new ImaAppraisal.Before(
        before.ima(),
        restarted.or(
            () -> otherBoot ? Optional.of("the node's boot time changed") : Optional.empty()));
  }

  /** Step 4. */
  private void keyBinding(PcrValues pcrs, String key) {
    Optional<Bytes> found = pcrs.get(DATA_PCR);
    Bytes expected = DataPcr.expected(pcrs.bank(), key);
    if (found.isEmpty()) {
      findings.fail(
          "pcr_validation.missing_pcr_16",
          "PCR 16 binds the transport key",
          "PCR 16 is not quoted",
          expected.hex(),
          "the node must quote PCR 16");
    } else if (!found.get().equals(expected)) {
      findings.fail(
          "pcr_validation.invalid_pcr_16",
          "PCR 16 binds the transport key",
          found.get().hex(),
          expected.hex(),
          "the key in the answer must be the one that the node bound into its quote");
    }
  }

  /** Steps 7 and 8. */
  private void staticPcrs(PcrValues pcrs) {
    SortedSet<Integer> missing = new TreeSet<>();
    reference
        .pcrs()
        .allowed()
        .forEach(
            (pcr, allowed) -> {
              Optional<Bytes> found = pcrs.get(pcr);
              if (found.isEmpty()) {
                missing.add(pcr);
              } else if (!allowed.contains(found.get())) {
                invalid(pcr, found.get(), allowed);
              }
            });
    if (!missing.isEmpty()) {
      findings.fail(
          "pcr_validation.missing_pcrs",
          "every PCR with static values is quoted",
          "not quoted: " + missing,
          "quoted: " + reference.pcrs().allowed().keySet(),
          "name these PCRs in the mask of tpm_policy",
          Map.of("context", "PCRs are missing in quote", "data", List.copyOf(missing)));
    }
  }

  private void invalid(int pcr, Bytes found, Set<Bytes> allowed) {
    List<String> expected = allowed.stream().map(Bytes::hex).sorted().limit(16).toList();
    findings.fail(
        "pcr_validation.invalid_pcr_" + pcr,
        "PCR " + pcr + " has one of its static values",
        found.hex(),
        String.join(" or ", expected),
        "find out what was measured into this PCR; if it is right, add the value to tpm_policy",
        Map.of("context", "invalid PCR value", "got", found.hex(), "expected", expected));
  }

  private void unjudged(PcrValues pcrs) {
    SortedSet<Integer> unjudged = new TreeSet<>(pcrs.values().keySet());
    unjudged.removeAll(reference.pcrs().allowed().keySet());
    unjudged.remove(IMA_PCR);
    unjudged.remove(DATA_PCR);
    if (reference.boot().isPresent()) {
      unjudged.removeAll(BootAppraisal.PCRS);
    }
    if (!unjudged.isEmpty()) {
      findings.note("quoted, but not judged by any policy: PCR " + unjudged);
    }
    if (reference.pcrs().allowed().isEmpty()) {
      findings.note("static PCR values: NOT CHECKED (no policy)");
    }
  }

  /** Any failure sends the measurement list back to entry 0. */
  private Verdict.Untrusted untrusted(Optional<ClockInfo> clock) {
    return new Verdict.Untrusted(
        findings.failures(),
        new AttestationState(clock, before.publicKeyPem(), ImaProgress.NONE, OptionalLong.empty()));
  }
}
