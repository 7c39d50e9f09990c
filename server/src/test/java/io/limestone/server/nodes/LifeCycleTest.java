package io.limestone.server.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Failure;
import io.limestone.appraisal.ImaProgress;
import io.limestone.appraisal.Verdict;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.OperationalState;
import io.limestone.keylime.RevocationNotice;
import io.limestone.policy.SeverityPolicy;
import io.limestone.tpm.ClockInfo;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LifeCycleTest {
  private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");
  private static final Rhythm RHYTHM =
      new Rhythm(
          Duration.ofSeconds(2),
          Duration.ofSeconds(2),
          5,
          true,
          Optional.of(Duration.ofSeconds(60)));
  private static final Tally.Algorithms DECLARED =
      new Tally.Algorithms("sha256", "rsa2048", "rsassa");
  private static final Occurrence.By BY = new Occurrence.By("basis", List.of(), Optional.empty());
  private static final String KEY = "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----\n";

  private final LifeCycle withV = new LifeCycle(RHYTHM, SeverityPolicy.STRICT, true);
  private final LifeCycle plain = new LifeCycle(RHYTHM, SeverityPolicy.STRICT, false);
  private final LifeCycle lenient =
      new LifeCycle(
          RHYTHM,
          SeverityPolicy.parse(
              SeverityPolicy.LABELS,
              "[{\"event_id\":\"ima\\\\..*\",\"severity_label\":\"notice\"}]"),
          false);
  private final NodeState enrolled = NodeState.enrolled(ApiVersion.CURRENT, NOW);

  private static NodeState begin(LifeCycle life, NodeState node) {
    return life.on(node, new Occurrence.Begun(), NOW).next();
  }

  private static AttestationState known(String key, long resets) {
    return new AttestationState(
        Optional.of(new ClockInfo(1000, resets, 0, true)),
        Optional.of(key),
        ImaProgress.NONE,
        OptionalLong.empty());
  }

  private static Verdict good(String key, long resets) {
    return new Verdict.Trusted(
        known(key, resets), new PcrValues(HashAlg.SHA256, new TreeMap<>()), List.of(), List.of());
  }

  private static Verdict bad(LifeCycle life, String eventId, boolean recoverable) {
    return new Verdict.Untrusted(
        List.of(Failure.of(eventId, recoverable, life.severities(), "check", "a", "b", "mend it")),
        AttestationState.NONE);
  }

  private static Step judged(LifeCycle life, NodeState asking, Verdict verdict) {
    return life.on(
        asking, new Occurrence.Judged(asking.cycle(), asking.ask(), verdict, DECLARED, BY), NOW);
  }

  private static NodeState attested(LifeCycle life, NodeState node) {
    return judged(life, begin(life, node), good(KEY, 1)).next();
  }

  @Test
  void aNodeJustEnrolledIsAskedForItsKeyAtOnceAndIsUnknown() {
    assertThat(enrolled.phase()).isEqualTo(new Phase.Waiting(Phase.Task.ATTEST, 0, NOW));
    assertThat(enrolled.operationalState()).isEqualTo(OperationalState.START);
    assertThat(enrolled.ask()).isEqualTo(Ask.WITH_KEY);
    assertThat(Health.of(enrolled, RHYTHM, NOW)).isInstanceOf(Health.Unknown.class);
    assertThat(begin(plain, enrolled).operationalState()).isEqualTo(OperationalState.GET_QUOTE);
  }

  @Test
  void vIsReleasedOnlyAfterATrustedVerdictAndOncePerKey() {
    NodeState node = attested(withV, enrolled);
    assertThat(node.phase()).isEqualTo(new Phase.Waiting(Phase.Task.RELEASE_V, 0, NOW));
    assertThat(node.operationalState()).isEqualTo(OperationalState.PROVIDE_V);
    NodeState asking = begin(withV, node);
    Step delivered =
        withV.on(asking, new Occurrence.VDelivered(asking.cycle(), LifeCycle.keyHash(KEY)), NOW);
    assertThat(delivered.durable()).isTrue();
    NodeState again = attested(withV, delivered.next());
    assertThat(again.phase())
        .isEqualTo(new Phase.Waiting(Phase.Task.ATTEST, 0, NOW.plusSeconds(2)));
    NodeState otherKey = judged(withV, begin(withV, again), good("other", 1)).next();
    assertThat(otherKey.phase()).isEqualTo(new Phase.Waiting(Phase.Task.RELEASE_V, 0, NOW));
  }

  @Test
  void untrustedEvidenceNeverLeadsToTheReleaseOfV() {
    Step step = judged(withV, begin(withV, enrolled), bad(withV, "qoute_validation.x", false));
    assertThat(step.next().phase()).isEqualTo(new Phase.Halted(OperationalState.INVALID_QUOTE));
    assertThat(step.next().trust()).isEqualTo(Trust.UNTRUSTED);
    assertThat(step.alarm().orElseThrow().type()).isEqualTo(RevocationNotice.Type.REVOCATION);
    assertThat(step.next().incident().orElseThrow().severity()).isEqualTo(6);
  }

  @Test
  void fiveRetriesAtTwoToThirtyTwoSecondsThenFailedWithoutANoticeIfNeverAttested() {
    NodeState node = enrolled;
    List<Long> waits = new ArrayList<>();
    Step step = Step.to(node);
    for (int i = 0; i < 6; i++) {
      NodeState asking = begin(plain, node);
      step = plain.on(asking, new Occurrence.NoAnswer(asking.cycle(), "refused"), NOW);
      node = step.next();
      if (node.phase() instanceof Phase.Waiting waiting) {
        waits.add(Duration.between(NOW, waiting.due()).toSeconds());
      }
    }
    assertThat(waits)
        .as("then looked for once a minute")
        .containsExactly(2L, 4L, 8L, 16L, 32L, 60L);
    assertThat(node.operationalState()).isEqualTo(OperationalState.FAILED);
    assertThat(node.incident().orElseThrow().eventId())
        .isEqualTo("internal.verifier.not_reachable");
    assertThat(step.alarm()).isEmpty();
    assertThat(Health.of(node, RHYTHM, NOW).word()).isEqualTo("unknown");
  }

  @Test
  void aNodeThatHadAttestedAndIsGoneIsACommunicationError() {
    LifeCycle hasty = withoutRetries(Optional.empty());
    NodeState asking = begin(hasty, attested(hasty, enrolled));
    Step step = hasty.on(asking, new Occurrence.NoAnswer(asking.cycle(), "gone"), NOW);
    assertThat(step.alarm().orElseThrow().type()).isEqualTo(RevocationNotice.Type.COMM_ERROR);
    assertThat(step.next().phase()).isEqualTo(new Phase.Halted(OperationalState.FAILED));
  }

  private static LifeCycle withoutRetries(Optional<Duration> unreachable) {
    return new LifeCycle(
        new Rhythm(Duration.ofSeconds(2), Duration.ofSeconds(2), 0, true, unreachable),
        SeverityPolicy.STRICT,
        false);
  }

  @Test
  void aNodeThatIsGoneIsLookedForNowAndThenAndComesBackByATrustedVerdict() {
    LifeCycle life = withoutRetries(Optional.of(Duration.ofSeconds(60)));
    NodeState asking = begin(life, attested(life, enrolled));
    Step gone = life.on(asking, new Occurrence.NoAnswer(asking.cycle(), "gone"), NOW);
    assertThat(gone.alarm()).isPresent();
    assertThat(gone.next().operationalState()).isEqualTo(OperationalState.FAILED);
    assertThat(gone.next().phase())
        .isEqualTo(new Phase.Waiting(Phase.Task.FIND, 0, NOW.plusSeconds(60)));

    NodeState again = begin(life, gone.next());
    assertThat(again.operationalState()).isEqualTo(OperationalState.FAILED);
    Step stillGone = life.on(again, new Occurrence.NoAnswer(again.cycle(), "gone"), NOW);
    assertThat(stillGone.durable()).as("said once").isFalse();
    assertThat(stillGone.next().phase()).isEqualTo(gone.next().phase());
    assertThat(
            life.on(stillGone.next(), new Occurrence.ServerStarted(NOW), NOW)
                .next()
                .operationalState())
        .isEqualTo(OperationalState.FAILED);

    NodeState back = judged(life, begin(life, stillGone.next()), good(KEY, 1)).next();
    assertThat(back.operationalState()).isEqualTo(OperationalState.GET_QUOTE);
    assertThat(back.trust()).isEqualTo(Trust.TRUSTED);
    Step refused =
        judged(life, begin(life, stillGone.next()), bad(life, "qoute_validation.x", false));
    assertThat(refused.next().operationalState()).isEqualTo(OperationalState.INVALID_QUOTE);
    assertThat(refused.alarm().orElseThrow().type()).isEqualTo(RevocationNotice.Type.REVOCATION);
  }

  @Test
  void aRetryAsksForTheKeySinceTheAgentMayHaveBeenRestarted() {
    NodeState node = attested(plain, enrolled);
    assertThat(node.ask()).isEqualTo(Ask.NEXT);
    NodeState asking = begin(plain, node);
    assertThat(plain.on(asking, new Occurrence.NoAnswer(asking.cycle(), "x"), NOW).next().ask())
        .isEqualTo(Ask.WITH_KEY);
  }

  @Test
  void aKeyBindingThatFailsOnAPartialAnswerIsAskedOnceMoreWithTheKey() {
    NodeState asking = begin(plain, attested(plain, enrolled));
    Step first = judged(plain, asking, bad(plain, "pcr_validation.invalid_pcr_16", true));
    assertThat(first.next().ask()).isEqualTo(Ask.WITH_KEY);
    assertThat(first.next().trust()).isEqualTo(Trust.TRUSTED);
    assertThat(first.alarm()).isEmpty();
    Step second =
        judged(
            plain, begin(plain, first.next()), bad(plain, "pcr_validation.invalid_pcr_16", true));
    assertThat(second.next().trust()).isEqualTo(Trust.UNTRUSTED);
    assertThat(second.alarm()).isPresent();
  }

  @Test
  void afterARebootTheWholeListIsAskedForAndARefusalOfThatIsUntrusted() {
    NodeState asking = begin(plain, attested(plain, enrolled));
    Step again = judged(plain, asking, new Verdict.AskAgain(known(KEY, 2), "rebooted"));
    assertThat(again.next().ask()).isEqualTo(Ask.ALL);
    NodeState whole = begin(plain, again.next());
    Step good = judged(plain, whole, good(KEY, 2));
    assertThat(good.changes()).extracting(Change::kind).contains(Change.Kind.REBOOTED);
    Step still = judged(plain, whole, new Verdict.AskAgain(known(KEY, 2), "still a part"));
    assertThat(still.next().trust()).isEqualTo(Trust.UNTRUSTED);
  }

  @Test
  void aFailureBelowTheHighestSeverityIsToldOnceAndPollingGoesOn() {
    NodeState node = attested(lenient, enrolled);
    Verdict bad = bad(lenient, "ima.validation.ima-ng.not_in_allowlist", true);
    Step first = judged(lenient, begin(lenient, node), bad);
    assertThat(first.alarm()).isPresent();
    assertThat(first.next().operationalState()).isEqualTo(OperationalState.INVALID_QUOTE);
    assertThat(first.next().phase()).isInstanceOf(Phase.Waiting.class);
    Step second = judged(lenient, begin(lenient, first.next()), bad);
    assertThat(second.alarm()).isEmpty();
    assertThat(second.changes()).isEmpty();
    Step mended = judged(lenient, begin(lenient, second.next()), good(KEY, 1));
    assertThat(mended.next().operationalState()).isEqualTo(OperationalState.GET_QUOTE);
    assertThat(mended.next().incident().orElseThrow().severity()).isEqualTo(1);
    Step relapse = judged(lenient, begin(lenient, mended.next()), bad);
    assertThat(relapse.alarm()).isPresent();
  }

  @Test
  void anAnswerToAnOlderRequestIsNotHeard() {
    NodeState first = begin(plain, enrolled);
    NodeState stopped = plain.on(first, new Occurrence.Stop(), NOW).next();
    NodeState second = begin(plain, plain.on(stopped, new Occurrence.Resume(), NOW).next());
    Step late =
        plain.on(
            second,
            new Occurrence.Judged(first.cycle(), first.ask(), good(KEY, 1), DECLARED, BY),
            NOW);
    assertThat(late.next()).isEqualTo(second);
  }

  @Test
  void stopWinsOverAnAnswerUnderWayAndResumeBeginsFromTheStart() {
    NodeState asking = begin(plain, attested(plain, enrolled));
    NodeState stopped = plain.on(asking, new Occurrence.Stop(), NOW).next();
    assertThat(stopped.operationalState()).isEqualTo(OperationalState.TENANT_FAILED);
    assertThat(judged(plain, stopped, good(KEY, 1)).next()).isEqualTo(stopped);
    NodeState resumed = plain.on(stopped, new Occurrence.Resume(), NOW).next();
    assertThat(resumed.ask()).isEqualTo(Ask.ALL);
    assertThat(resumed.phase()).isEqualTo(new Phase.Waiting(Phase.Task.ATTEST, 0, NOW));
  }

  @Test
  void deletingWhileARequestIsUnderWayWaitsForItsEnd() {
    NodeState asking = begin(plain, enrolled);
    Step step = plain.on(asking, new Occurrence.Delete(), NOW);
    assertThat(step.removed()).isFalse();
    assertThat(step.next().operationalState()).isEqualTo(OperationalState.TERMINATED);
    assertThat(judged(plain, step.next(), good(KEY, 1)).removed()).isTrue();
    assertThat(plain.on(enrolled, new Occurrence.Delete(), NOW).removed()).isTrue();
  }

  @Test
  void anOlderVersionIsTakenBeforeTheFirstAttestationAndNeverAfterIt() {
    ApiVersion older = new ApiVersion(2, 3);
    NodeState asking = begin(plain, enrolled);
    NodeState next = plain.on(asking, new Occurrence.Negotiated(asking.cycle(), older), NOW).next();
    assertThat(next.version()).isEqualTo(older);
    assertThat(next.phase()).isInstanceOf(Phase.Waiting.class);
    NodeState later = begin(plain, attested(plain, enrolled));
    Step refused = plain.on(later, new Occurrence.Negotiated(later.cycle(), older), NOW);
    assertThat(refused.next().operationalState()).isEqualTo(OperationalState.FAILED);
    assertThat(refused.next().incident().orElseThrow().eventId())
        .isEqualTo("internal.verifier.version_not_supported");
  }

  @Test
  void aNodeThatNamesAVersionAndRefusesItIsNotAskedForEver() {
    NodeState node = enrolled;
    for (int i = 0; i < 20; i++) {
      NodeState asking = begin(plain, node);
      node =
          plain
              .on(asking, new Occurrence.Negotiated(asking.cycle(), new ApiVersion(2, i % 5)), NOW)
              .next();
    }
    assertThat(node.operationalState()).isEqualTo(OperationalState.FAILED);
  }

  @Test
  void trustDecaysByItselfAlsoWhenTheClockIsSetBack() {
    NodeState node = attested(plain, enrolled);
    assertThat(Health.of(node, RHYTHM, NOW.plusSeconds(10)).word()).isEqualTo("trusted");
    assertThat(Health.of(node, RHYTHM, NOW.plusSeconds(11)).word()).isEqualTo("unknown");
    assertThat(Health.of(node, RHYTHM, NOW.minusSeconds(3600)).word()).isEqualTo("unknown");
  }

  @Test
  void anUnusableAnswerIsUntrustedAndADefectOfOursIsUnknown() {
    NodeState asking = begin(plain, attested(plain, enrolled));
    Step unusable = plain.on(asking, new Occurrence.Unusable(asking.cycle(), "no JSON"), NOW);
    assertThat(unusable.next().trust()).isEqualTo(Trust.UNTRUSTED);
    assertThat(unusable.next().operationalState()).isEqualTo(OperationalState.FAILED);
    assertThat(unusable.alarm()).isEmpty();
    Step defect = plain.on(asking, new Occurrence.Defect(asking.cycle(), "NPE"), NOW);
    assertThat(defect.next().trust()).isEqualTo(Trust.UNKNOWN);
  }

  @Test
  void aChangedPolicyIsAppliedToTheWholeListEvenIfARequestIsUnderWay() {
    NodeState asking = begin(plain, attested(plain, enrolled));
    NodeState changed = plain.on(asking, new Occurrence.PolicyChanged("p"), NOW).next();
    NodeState next =
        plain
            .on(
                changed,
                new Occurrence.Judged(asking.cycle(), Ask.NEXT, good(KEY, 1), DECLARED, BY),
                NOW)
            .next();
    assertThat(next.ask()).isEqualTo(Ask.ALL);
  }

  @Test
  void anyOrderOfOccurrencesKeepsTheRulesAndSurvivesStorage() {
    Random random = new Random(7);
    for (int run = 0; run < 300; run++) {
      NodeState node = enrolled;
      boolean released = false;
      for (int i = 0; i < 60; i++) {
        Occurrence occurrence = any(random, node);
        Step step = withV.on(node, occurrence, NOW.plusSeconds(i));
        if (step.removed()) {
          break;
        }
        NodeState next = step.next();
        if (next.phase() instanceof Phase.Waiting(Phase.Task task, int tries, Instant due)
            && task == Phase.Task.RELEASE_V) {
          assertThat(next.trust()).isEqualTo(Trust.TRUSTED);
        }
        if (node.phase() instanceof Phase.Halted && next.phase() instanceof Phase.Waiting) {
          assertThat(occurrence).isInstanceOf(Occurrence.Resume.class);
        }
        if (next.phase() instanceof Phase.Waiting) {
          NodeState stored =
              NodeStateJson.fromJson(Json.object(Json.bytes(NodeStateJson.toJson(next))), NOW);
          assertThat(stored.trust()).isEqualTo(next.trust());
          assertThat(stored.incident()).isEqualTo(next.incident());
          assertThat(stored.tally()).isEqualTo(next.tally());
          assertThat(stored.appraisal()).isEqualTo(next.appraisal());
          assertThat(stored.keyWithV()).isEqualTo(next.keyWithV());
        }
        released |= next.keyWithV().isPresent();
        node = next;
      }
      assertThat(released && node.tally().attestations() == 0).isFalse();
    }
  }

  private Occurrence any(Random random, NodeState node) {
    long cycle = node.cycle() - (random.nextInt(4) == 0 ? 1 : 0);
    boolean releasing =
        node.phase() instanceof Phase.Asking(Phase.Task task, int tries)
            && task == Phase.Task.RELEASE_V;
    return switch (random.nextInt(14)) {
      case 0, 1, 2, 3, 4 -> new Occurrence.Begun();
      case 5, 6 ->
          releasing
              ? new Occurrence.VDelivered(cycle, LifeCycle.keyHash(KEY))
              : new Occurrence.Judged(
                  cycle, node.ask(), good(random.nextBoolean() ? KEY : "other", 1), DECLARED, BY);
      case 7 ->
          new Occurrence.Judged(
              cycle, node.ask(), bad(withV, "ima.pcr_mismatch", true), DECLARED, BY);
      case 8 -> new Occurrence.NoAnswer(cycle, "x");
      case 9 -> new Occurrence.Refused(cycle, 503, "");
      case 10 -> new Occurrence.Resume();
      case 11 -> random.nextInt(5) == 0 ? new Occurrence.Stop() : new Occurrence.Begun();
      case 12 -> new Occurrence.ServerStarted(NOW);
      default -> random.nextInt(9) == 0 ? new Occurrence.Delete() : new Occurrence.Begun();
    };
  }
}
