package io.limestone.server.verifier;

import io.limestone.appraisal.Candidate;
import io.limestone.appraisal.ImaProgress;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.policy.PolicyRefusedException;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.nodes.PolicyUse;
import io.limestone.server.nodes.Trial;
import io.limestone.server.store.Database;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** What each node is judged by, put together once and again when a policy was changed. */
final class References {
  private final Database database;
  private final Policies policies;
  private final String bootPolicyName;
  private final ViolationPolicy violations;
  private final SeverityPolicy severities;
  private final InstantSource clock;
  private final AtomicLong edition = new AtomicLong();

  References(
      Database database,
      Policies policies,
      String bootPolicyName,
      ViolationPolicy violations,
      SeverityPolicy severities,
      InstantSource clock) {
    this.database = database;
    this.policies = policies;
    this.bootPolicyName = bootPolicyName;
    this.violations = violations;
    this.severities = severities;
    this.clock = clock;
  }

  /**
   * Reference values of one edition of all policies.
   *
   * @param decides the policies in {@code values}
   * @param trial what is only tried; absent where no policy of the node has a candidate, or the
   *     candidate decides
   * @param basis SHA-256 (hex) over everything that decides or is tried: what was judged by another
   *     basis is judged again, from the start of the list
   * @param at the time that the values are for
   */
  record Edition(
      long number,
      ReferenceValues values,
      List<PolicyUse> decides,
      Optional<Tried> trial,
      String basis,
      Instant at) {
    private Edition at(Instant time) {
      return new Edition(
          number,
          values.at(time),
          decides,
          trial.map(tried -> new Tried(tried.policies(), tried.candidate().at(time))),
          basis,
          time);
    }
  }

  /** Candidates that do not decide for this node. */
  record Tried(List<PolicyUse> policies, Candidate candidate) {}

  /** A policy was changed, and that is durable: everything put together before is old. */
  void changed() {
    edition.incrementAndGet();
    database.read(
        h -> {
          policies.keepCompiled(h);
          return true;
        });
  }

  /** What a node is judged by now: a boot policy's entries may count for a limited time. */
  Edition of(Watched node) {
    return lasting(node).at(clock.instant());
  }

  /** Whether these versions, by which evidence of a node was judged, decide for it now. */
  boolean decideNow(Watched node, List<PolicyUse> by) {
    List<PolicyUse> now = decides(node);
    return by.stream().allMatch(use -> now.stream().anyMatch(use::sameVersion));
  }

  /** What the policies tried now, and no others, have found of a node. */
  Optional<Trial> trial(Watched node) {
    NodeState state = node.state();
    return state
        .trial()
        .filter(t -> readable(node).filter(e -> state.basis().equals(e.basis())).isPresent());
  }

  /** The policies that decide for a node now; none where one cannot be read any more. */
  List<PolicyUse> decides(Watched node) {
    return readable(node).map(Edition::decides).orElse(List.of());
  }

  /** For what is only told: a policy that cannot be read is said where the node is asked. */
  private Optional<Edition> readable(Watched node) {
    try {
      return Optional.of(lasting(node));
    } catch (MalformedException e) {
      return Optional.empty();
    }
  }

  private Edition lasting(Watched node) {
    long now = edition.get();
    Optional<Edition> known = node.reference().filter(e -> e.number() == now);
    if (known.isPresent()) {
      return known.get();
    }
    Edition fresh = database.read(h -> of(h, now, node.enrolled()));
    node.reference(fresh);
    return fresh;
  }

  private Edition of(Handle h, long number, Enrolled node) {
    Optional<Use> runtime = use(h, Policies.Kind.RUNTIME, node);
    Optional<Use> boot = use(h, Policies.Kind.BOOT, node);
    Optional<BootPolicy> bootPolicy = boot.flatMap(use -> boot(h, use.decides().text()));
    List<PolicyUse> tried =
        uses(runtime, boot).flatMap(use -> use.tries().stream()).map(Version::policy).toList();
    Optional<Tried> trial =
        tried.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Tried(
                    tried,
                    new Candidate(
                        runtime.flatMap(Use::tries).map(one -> runtime(h, node, one.text())),
                        boot.flatMap(Use::tries).flatMap(one -> boot(h, one.text())),
                        ImaProgress.NONE)));
    return new Edition(
        number,
        values(node, runtime.map(use -> runtime(h, node, use.decides().text())), bootPolicy),
        uses(runtime, boot).map(use -> use.decides().policy()).toList(),
        trial,
        basis(runtime, boot),
        clock.instant());
  }

  private static Stream<Use> uses(Optional<Use> runtime, Optional<Use> boot) {
    return Stream.of(runtime, boot).flatMap(Optional::stream);
  }

  /** What the node is judged by, with these policies. */
  ReferenceValues values(
      Enrolled node, Optional<RuntimePolicy> runtime, Optional<BootPolicy> boot) {
    return new ReferenceValues(
        node.ak(), node.accepted(), node.pcrs(), runtime, boot, true, violations, severities);
  }

  /** A node's use of a policy: what decides, and what is tried beside it. */
  private record Use(Version decides, Optional<Version> tries) {}

  private record Version(PolicyUse policy, Text text) {}

  /** Digests of a content, and of one whose files may have run until they were replaced. */
  private record Text(String digest, Optional<String> former) {}

  private Optional<Use> use(Handle h, Policies.Kind kind, Enrolled node) {
    return node.policy(kind).map(name -> use(h, kind, name, node));
  }

  private Use use(Handle h, Policies.Kind kind, String name, Enrolled node) {
    Policies.Standing standing =
        policies
            .standing(h, kind, name)
            .orElseThrow(() -> new IllegalStateException("no policy " + name));
    boolean canary = standing.isCanary(node, name);
    Version enforced =
        new Version(
            new PolicyUse(kind.word(), name, standing.version(), false),
            new Text(standing.digest(), standing.former()));
    Optional<Version> candidate =
        standing
            .candidate()
            .map(
                one ->
                    new Version(
                        new PolicyUse(kind.word(), name, one.version(), canary),
                        new Text(one.digest(), one.former())));
    return canary
        ? new Use(candidate.orElseThrow(), Optional.empty())
        : new Use(enforced, candidate);
  }

  /** The compiled policy, with the node's own keys where it brought some. */
  private RuntimePolicy runtime(Handle h, Enrolled node, Text text) {
    RuntimePolicy policy = policies.compiled(h, text.digest());
    return withKeys(
        node, text.former().map(d -> policy.after(policies.compiled(h, d))).orElse(policy));
  }

  /**
   * With leave, the policy whose files may have run on a node until they were replaced, beside the
   * version that decides for it.
   */
  Optional<RuntimePolicy> replaced(Enrolled node) {
    return database.read(
        h ->
            use(h, Policies.Kind.RUNTIME, node)
                .flatMap(use -> use.decides().text().former())
                .map(digest -> policies.compiled(h, digest)));
  }

  static RuntimePolicy withKeys(Enrolled node, RuntimePolicy policy) {
    return node.enrolment()
        .imaSignVerificationKeys()
        .map(policy::withVerificationKeys)
        .orElse(policy);
  }

  private Optional<BootPolicy> boot(Handle h, Text text) {
    return policies.text(h, text.digest()).flatMap(this::bootPolicy);
  }

  /** An empty text is Keylime's way to say that there is none. */
  Optional<BootPolicy> bootPolicy(String text) {
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(BootPolicy.of(bootPolicyName, text).at(clock.instant()));
  }

  /**
   * Refuses a boot policy that no node could ever be trusted by.
   *
   * @throws PolicyRefusedException saying what is wrong with it, and where
   */
  void requireUsable(String bootPolicy) {
    bootPolicy(bootPolicy)
        .flatMap(policy -> policy.problem().or(policy::unusable))
        .ifPresent(
            why -> {
              throw new PolicyRefusedException(
                  400, "the measured boot policy cannot be used: " + Encoding.printable(why, 400));
            });
  }

  private String basis(Optional<Use> runtime, Optional<Use> boot) {
    String all =
        Stream.of(runtime, boot)
                .map(
                    use ->
                        use.map(u -> u.decides().text() + "+" + u.tries().map(Version::text))
                            .orElse("none"))
                .collect(Collectors.joining("|"))
            + "|"
            + bootPolicyName
            + "|"
            + violations;
    return HashAlg.SHA256.digest(Bytes.of(all.getBytes(StandardCharsets.UTF_8))).hex();
  }
}
