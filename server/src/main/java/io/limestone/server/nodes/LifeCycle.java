package io.limestone.server.nodes;

import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.Verdict;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.OperationalState;
import io.limestone.keylime.RevocationNotice;
import io.limestone.policy.SeverityPolicy;
import io.limestone.wire.Encoding;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The life of a node (verifier-api.md §3): state and occurrence in, next state and consequences
 * out. Pure. Whatever is not foreseen ends in a state that is not trusted, and an answer to a
 * request that is not awaited any more changes nothing.
 *
 * @param hasV whether there is a V to release
 */
public record LifeCycle(Rhythm rhythm, SeverityPolicy severities, boolean hasV) {

  public Step on(NodeState node, Occurrence occurrence, Instant now) {
    return switch (occurrence) {
      case Occurrence.Answer answer -> answered(node, answer, now);
      case Occurrence.Begun b -> begun(node);
      case Occurrence.Stop s ->
          Step.to(
              node.in(new Phase.Halted(OperationalState.TENANT_FAILED)).trust(Trust.UNKNOWN, now),
              change(now, Change.Kind.STOPPED, "stopped by an administrator"));
      case Occurrence.Resume r ->
          Step.to(
              node.in(new Phase.Waiting(Phase.Task.ATTEST, 0, now))
                  .trust(Trust.UNKNOWN, now)
                  .ask(Ask.ALL)
                  .alarmed(-1),
              change(now, Change.Kind.RESUMED, "resumed by an administrator"));
      case Occurrence.Delete d ->
          node.phase() instanceof Phase.Asking || node.phase() instanceof Phase.Terminating
              ? Step.to(node.in(new Phase.Terminating()))
              : Step.gone(node);
      case Occurrence.PolicyChanged(String what) ->
          Step.to(
              node.ask(Ask.ALL).judged(node.basis(), Optional.empty()),
              change(now, Change.Kind.POLICY_CHANGED, what));
      case Occurrence.ServerStarted(Instant due) -> restarted(node, due);
    };
  }

  private static Step begun(NodeState node) {
    return node.phase() instanceof Phase.Waiting(Phase.Task task, int tries, Instant due)
        ? Step.to(node.begun(new Phase.Asking(task, tries)))
        : Step.to(node);
  }

  private static Step restarted(NodeState node, Instant due) {
    return switch (node.phase()) {
      case Phase.Waiting w -> Step.to(resuming(node, due));
      case Phase.Asking a -> Step.to(resuming(node, due));
      case Phase.Halted h -> Step.to(node);
      case Phase.Terminating t -> Step.gone(node);
    };
  }

  private static NodeState resuming(NodeState node, Instant due) {
    boolean lost = node.operationalState() == OperationalState.FAILED;
    Phase.Task task = lost ? Phase.Task.FIND : Phase.Task.ATTEST;
    return node.in(new Phase.Waiting(task, 0, due)).ask(atLeastKey(node.ask()));
  }

  private Step answered(NodeState node, Occurrence.Answer answer, Instant now) {
    return switch (node.phase()) {
      case Phase.Terminating t -> Step.gone(node);
      case Phase.Halted h -> Step.to(node);
      case Phase.Waiting w -> Step.to(node);
      case Phase.Asking asking ->
          answer.cycle() == node.cycle() ? heard(node, asking, answer, now) : Step.to(node);
    };
  }

  private Step heard(NodeState node, Phase.Asking asking, Occurrence.Answer answer, Instant now) {
    return switch (answer) {
      case Occurrence.Judged judged ->
          switch (judged.verdict()) {
            case Verdict.Trusted trusted -> trusted(node, judged, trusted, now);
            case Verdict.Untrusted untrusted -> untrusted(node, judged, untrusted, now);
            case Verdict.AskAgain again -> askedAgain(node, judged, now);
          };
      case Occurrence.VDelivered(long cycle, String keyHash) ->
          Step.to(
              node.keyWithV(keyHash).in(nextRound(now)),
              change(now, Change.Kind.V_RELEASED, "V was handed over"));
      case Occurrence.NoAnswer(long cycle, String why) -> noAnswer(node, asking, why, now);
      case Occurrence.Refused(long cycle, int status, String why) ->
          halt(
              node,
              Trust.UNKNOWN,
              failure(
                  asking.task() == Phase.Task.RELEASE_V ? "no_v" : "no_quote",
                  "answer of the node",
                  "HTTP status " + status + (why.isEmpty() ? "" : ": " + why),
                  "200",
                  "look at the agent's log on the node; then limestone node resume"),
              Change.Kind.FAILED,
              now);
      case Occurrence.Unusable(long cycle, String why) -> heardUnusable(node, why, now);
      case Occurrence.Negotiated(long cycle, ApiVersion version) ->
          negotiated(node, asking, version, now);
      case Occurrence.NotNegotiable(long cycle, String why) -> versionRefused(node, why, now);
      case Occurrence.Defect(long cycle, String why) ->
          halt(
              node,
              Trust.UNKNOWN,
              failure(
                  "exception",
                  "this server",
                  why,
                  "no defect",
                  "report it with the server's log; limestone node resume tries again"),
              Change.Kind.FAILED,
              now);
    };
  }

  private Step heardUnusable(NodeState node, String why, Instant now) {
    return halt(
        node,
        Trust.UNTRUSTED,
        failure(
            "exception",
            "form of the answer",
            why,
            "an answer as the protocol describes it",
            "the agent, or something on the way to it, is broken or hostile: look at it, then"
                + " limestone node resume"),
        Change.Kind.UNTRUSTED,
        now);
  }

  private Step trusted(
      NodeState node, Occurrence.Judged judged, Verdict.Trusted trusted, Instant now) {
    AttestationState known = trusted.next();
    Optional<String> key = known.publicKeyPem().map(LifeCycle::keyHash);
    boolean release = hasV && key.isPresent() && !key.equals(node.keyWithV());
    NodeState next =
        node.appraisal(known)
            .judged(judged.by().basis(), judged.by().trial())
            .tally(node.tally().judged(true, judged.declared(), now))
            .outdated(trusted.outdated())
            .trust(Trust.TRUSTED, now)
            .ask(node.ask() == Ask.ALL && judged.ask() != Ask.ALL ? Ask.ALL : Ask.NEXT)
            .alarmed(-1)
            .in(release ? new Phase.Waiting(Phase.Task.RELEASE_V, 0, now) : nextRound(now));
    List<Change> changes = new ArrayList<>();
    if (rebooted(node.appraisal(), known)) {
      changes.add(change(now, Change.Kind.REBOOTED, "the node was rebooted"));
    }
    if (node.tally().attestations() > 0
        && !known.publicKeyPem().equals(node.appraisal().publicKeyPem())) {
      changes.add(change(now, Change.Kind.KEY_CHANGED, "the node has a new transport key"));
    }
    if (node.trust() != Trust.TRUSTED) {
      changes.add(
          change(
              now,
              Change.Kind.TRUSTED,
              node.tally().attestations() == 0 ? "first trusted verdict" : "trusted again"));
    }
    changes.addAll(outdated(node, trusted, now));
    changes.addAll(wouldFail(node, judged, now));
    return new Step(next, changes, Optional.empty(), false);
  }

  /** Said when a node begins or ceases to be outdated; by what is in the node's state. */
  private static List<Change> outdated(NodeState node, Verdict.Trusted trusted, Instant now) {
    boolean was = !node.outdated().isEmpty();
    boolean is = !trusted.outdated().isEmpty();
    if (was == is) {
      return List.of();
    }
    return List.of(
        change(
            now,
            is ? Change.Kind.OUTDATED : Change.Kind.UP_TO_DATE,
            is
                ? "outdated: it booted what is accepted only " + trusted.outdated().getFirst()
                : "no longer outdated"));
  }

  /** Said once for each thing tried; what it finds later is in the node's state. */
  private static List<Change> wouldFail(NodeState node, Occurrence.Judged judged, Instant now) {
    Optional<Trial> trial = judged.by().trial().filter(t -> !t.passes());
    boolean said =
        node.trial().filter(t -> !t.passes()).map(Trial::label).equals(trial.map(Trial::label));
    return trial.isEmpty() || said
        ? List.of()
        : List.of(
            change(
                now,
                Change.Kind.WOULD_FAIL,
                trial.get().label()
                    + " would refuse the node: "
                    + summary(trial.get().failures().getFirst())));
  }

  private Step untrusted(
      NodeState node, Occurrence.Judged judged, Verdict.Untrusted untrusted, Instant now) {
    if (judged.ask() == Ask.NEXT && onlyKeyBinding(untrusted.failures())) {
      return Step.to(node.ask(Ask.WITH_KEY).in(new Phase.Waiting(Phase.Task.ATTEST, 0, now)));
    }
    Failure worst = untrusted.worst();
    boolean stops = !untrusted.recoverable() || worst.severity().equals(severities.highest());
    NodeState next =
        blamed(node, untrusted.failures(), worst, judged.by().policies(), now)
            .appraisal(untrusted.next())
            .judged(judged.by().basis(), judged.by().trial())
            .tally(node.tally().judged(false, judged.declared(), now))
            .trust(Trust.UNTRUSTED, now)
            .ask(Ask.WITH_KEY)
            .in(stops ? new Phase.Halted(OperationalState.INVALID_QUOTE) : nextRound(now));
    if (worst.severity().level() <= node.alarmed() && node.trust() == Trust.UNTRUSTED && !stops) {
      return Step.to(next);
    }
    return Step.to(next, change(now, Change.Kind.UNTRUSTED, summary(worst) + by(judged)))
        .telling(RevocationNotice.Type.REVOCATION, worst);
  }

  private static String by(Occurrence.Judged judged) {
    List<PolicyUse> policies = judged.by().policies();
    return policies.isEmpty() ? "" : "; judged by " + PolicyUse.words(policies);
  }

  /** The node was rebooted and sent the tail of its new list: the complete evidence decides. */
  private Step askedAgain(NodeState node, Occurrence.Judged judged, Instant now) {
    if (judged.ask() == Ask.ALL) {
      return heardUnusable(node, "a part of the measurement list where all of it was asked", now);
    }
    return Step.to(node.ask(Ask.ALL).in(new Phase.Waiting(Phase.Task.ATTEST, 0, now)));
  }

  /** Whether only the key binding failed: the agent was restarted and has another key, perhaps. */
  private static boolean onlyKeyBinding(List<Failure> failures) {
    return failures.stream().allMatch(f -> f.eventId().equals("pcr_validation.invalid_pcr_16"));
  }

  private static boolean rebooted(AttestationState before, AttestationState now) {
    return before.clock().isPresent()
        && now.clock().isPresent()
        && now.clock().get().resetCount() > before.clock().get().resetCount();
  }

  private Step noAnswer(NodeState node, Phase.Asking asking, String why, Instant now) {
    if (asking.task() == Phase.Task.FIND) {
      return Step.to(node.in(afterRetries(now)));
    }
    int tries = asking.tries() + 1;
    if (tries <= rhythm.maxRetries()) {
      return Step.to(
          node.ask(atLeastKey(node.ask()))
              .in(new Phase.Waiting(asking.task(), tries, now.plus(rhythm.beforeRetry(tries)))));
    }
    boolean attesting = asking.task() != Phase.Task.RELEASE_V;
    Failure failure =
        failure(
            attesting ? "not_reachable" : "not_reachable_v",
            "connection to the node",
            why,
            "an answer in time",
            "start the node's agent, or open the way to its address and port; limestone node resume"
                + " asks at once");
    Step step =
        ended(node, Trust.UNKNOWN, failure, Change.Kind.UNREACHABLE, afterRetries(now), now);
    return attesting && node.tally().attestations() == 0
        ? step
        : step.telling(RevocationNotice.Type.COMM_ERROR, failure);
  }

  private Step negotiated(NodeState node, Phase.Asking asking, ApiVersion version, Instant now) {
    if (node.tally().attestations() > 0 && version.compareTo(node.version()) <= 0) {
      return versionRefused(
          node, "the node offers " + version + " after having spoken " + node.version(), now);
    }
    int tries = asking.tries() + 1;
    if (tries > rhythm.maxRetries() + 1) {
      return versionRefused(node, "the node names one version and refuses it again", now);
    }
    return Step.to(
        node.version(version)
            .ask(atLeastKey(node.ask()))
            .in(new Phase.Waiting(asking.task(), tries, now)),
        change(now, Change.Kind.RENEGOTIATED, "API " + version + " from here on"));
  }

  private Step versionRefused(NodeState node, String why, Instant now) {
    return halt(
        node,
        Trust.UNKNOWN,
        failure(
            "version_not_supported",
            "API version of the node",
            why,
            "a version that both speak, not lower than before",
            "update the agent, or enrol the node anew if the downgrade was meant"),
        Change.Kind.FAILED,
        now);
  }

  private Step halt(NodeState node, Trust trust, Failure failure, Change.Kind kind, Instant now) {
    return ended(node, trust, failure, kind, new Phase.Halted(OperationalState.FAILED), now);
  }

  private Step ended(
      NodeState node, Trust trust, Failure failure, Change.Kind kind, Phase phase, Instant now) {
    return Step.to(
        blamed(node, List.of(failure), failure, List.of(), now).trust(trust, now).in(phase),
        change(now, kind, summary(failure)));
  }

  /** Where a node could not be reached: FAILED, as in Keylime, but looked for now and then. */
  private Phase afterRetries(Instant now) {
    return rhythm
        .unreachable()
        .<Phase>map(pause -> new Phase.Waiting(Phase.Task.FIND, 0, now.plus(pause)))
        .orElseGet(() -> new Phase.Halted(OperationalState.FAILED));
  }

  /**
   * Keeps the worst severity and its event since the node was last trusted or resumed; the failures
   * are always the latest.
   */
  private static NodeState blamed(
      NodeState node, List<Failure> failures, Failure worst, List<PolicyUse> by, Instant now) {
    int level = worst.severity().level();
    boolean worse = node.incident().isEmpty() || level > node.alarmed();
    Incident incident =
        new Incident(
            worse ? level : node.incident().orElseThrow().severity(),
            worse ? worst.eventId() : node.incident().orElseThrow().eventId(),
            now,
            failures,
            by);
    return node.incident(incident, Math.max(node.alarmed(), level));
  }

  private Failure failure(
      String event, String check, String found, String expected, String remedy) {
    return Failure.of(
        "internal.verifier." + event, false, severities, check, found, expected, remedy);
  }

  private static String summary(Failure failure) {
    return Encoding.printable(
        failure.check() + ": found " + failure.found() + ", expected " + failure.expected(), 400);
  }

  private static Change change(Instant at, Change.Kind kind, String text) {
    return new Change(at, kind, text);
  }

  private Phase nextRound(Instant now) {
    return new Phase.Waiting(Phase.Task.ATTEST, 0, now.plus(rhythm.interval()));
  }

  private static Ask atLeastKey(Ask ask) {
    return ask == Ask.NEXT ? Ask.WITH_KEY : ask;
  }

  /** SHA-256 of a transport key's PEM text, as hex. */
  public static String keyHash(String pem) {
    try {
      return Encoding.hex(
          MessageDigest.getInstance("SHA-256").digest(pem.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is part of every JDK", e);
    }
  }
}
