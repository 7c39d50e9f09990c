package io.limestone.server.verifier;

import io.limestone.appraisal.ReferenceValues;
import io.limestone.policy.BootPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.server.store.Database;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** What each node is judged by, put together once and again when a policy was changed. */
final class References {
  private final Database database;
  private final Policies policies;
  private final String bootPolicyName;
  private final ViolationPolicy violations;
  private final SeverityPolicy severities;
  private final AtomicLong edition = new AtomicLong();

  References(
      Database database,
      Policies policies,
      String bootPolicyName,
      ViolationPolicy violations,
      SeverityPolicy severities) {
    this.database = database;
    this.policies = policies;
    this.bootPolicyName = bootPolicyName;
    this.violations = violations;
    this.severities = severities;
  }

  /** Reference values of one edition of all policies. */
  record Edition(long number, ReferenceValues values) {}

  /** A policy was changed, and that is durable: everything put together before is old. */
  void changed() {
    edition.incrementAndGet();
  }

  ReferenceValues of(Watched node) {
    long now = edition.get();
    Optional<Edition> known = node.reference().filter(e -> e.number() == now);
    if (known.isPresent()) {
      return known.get().values();
    }
    ReferenceValues fresh = of(node.enrolled());
    node.reference(new Edition(now, fresh));
    return fresh;
  }

  private ReferenceValues of(Enrolled node) {
    Optional<RuntimePolicy> runtime =
        node.runtimePolicy()
            .map(
                name ->
                    database
                        .read(h -> policies.runtime(h, name))
                        .orElseThrow(() -> new IllegalStateException("no policy " + name)));
    Optional<String> keys = node.enrolment().imaSignVerificationKeys();
    return new ReferenceValues(
        node.ak(),
        node.accepted(),
        node.pcrs(),
        runtime.map(p -> keys.isPresent() ? p.withVerificationKeys(keys.get()) : p),
        node.bootPolicy()
            .flatMap(name -> database.read(h -> policies.text(h, Policies.Kind.BOOT, name)))
            .filter(text -> !text.isEmpty())
            .map(text -> BootPolicy.of(bootPolicyName, text)),
        true,
        violations,
        severities);
  }
}
