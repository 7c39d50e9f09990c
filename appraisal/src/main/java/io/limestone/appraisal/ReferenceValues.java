package io.limestone.appraisal;

import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.tpm.TpmtPublic;
import java.time.Instant;
import java.util.Optional;

/**
 * What evidence is judged by.
 *
 * @param pcrs static PCR values, and in its mask the PCRs that were asked for. Without a mask the
 *     quote's signed selection stands, and what the policies demand must be in it
 * @param runtime absent: what the node runs is not checked, and the verdict's notes say so
 * @param boot absent: how the node booted is not checked, and the verdict's notes say so
 * @param bindsTransportKey whether PCR 16 is asked for too and must hold the transport key; false
 *     where no key is exchanged, as in one-shot verification
 * @param violations which IMA violation entries (file changed between measurement and use) are only
 *     noted. The documented meaning of Keylime's {@code ignore_tomtou_errors}
 */
public record ReferenceValues(
    TpmtPublic ak,
    AcceptedAlgorithms accepted,
    PcrPolicy pcrs,
    Optional<RuntimePolicy> runtime,
    Optional<BootPolicy> boot,
    boolean bindsTransportKey,
    ViolationPolicy violations,
    SeverityPolicy severity) {

  /**
   * These values at a time: what the boot policy accepts for a limited time counts if it is now.
   */
  public ReferenceValues at(Instant time) {
    return boot.isEmpty()
        ? this
        : new ReferenceValues(
            ak,
            accepted,
            pcrs,
            runtime,
            boot.map(policy -> policy.at(time)),
            bindsTransportKey,
            violations,
            severity);
  }
}
