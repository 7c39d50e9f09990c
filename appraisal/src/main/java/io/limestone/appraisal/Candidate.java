package io.limestone.appraisal;

import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.boot.BootPolicy;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Policies tried beside those that decide: the same evidence is judged by them too, in the same
 * pass over the measurement list, and what they find decides nothing.
 *
 * @param runtime absent: no other runtime policy is tried; {@code boot} likewise
 * @param progress in the measurement list; with what these policies let the node do so far
 */
public record Candidate(
    Optional<RuntimePolicy> runtime, Optional<BootPolicy> boot, ImaProgress progress) {

  /** The same policies at a time: see {@link ReferenceValues#at}. */
  public Candidate at(Instant time) {
    return new Candidate(runtime, boot.map(policy -> policy.at(time)), progress);
  }

  /** The same policies, further on in the list. */
  public Candidate at(ImaProgress reached) {
    return new Candidate(runtime, boot, reached);
  }

  /**
   * What they found.
   *
   * @param failures of this evidence; empty: they would have passed it
   * @param whole whether the measurement list was judged from its start, rather than its end
   */
  public record Result(List<Failure> failures, ImaProgress progress, boolean whole) {
    public Result {
      failures = List.copyOf(failures);
    }
  }
}
