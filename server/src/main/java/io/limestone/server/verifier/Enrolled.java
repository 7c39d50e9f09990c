package io.limestone.server.verifier;

import io.limestone.keylime.AcceptedAlgs;
import io.limestone.keylime.AgentTls;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.NodeId;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * What does not change about a node while it is enrolled: above all the AK that the user validated,
 * which no other party can exchange afterwards.
 *
 * @param enrolment as sent, without secrets and without the content of policies
 * @param runtimePolicy name of the policy attached; so {@code bootPolicy}
 * @param group what its metadata say: a name that nodes are addressed by together
 */
record Enrolled(
    NodeId id,
    Instant at,
    Enrolment enrolment,
    TpmtPublic ak,
    PcrPolicy pcrs,
    Optional<String> runtimePolicy,
    Optional<String> bootPolicy,
    Optional<String> group,
    boolean hasV) {

  static Enrolled of(
      NodeId id,
      Instant at,
      Enrolment enrolment,
      Optional<String> runtimePolicy,
      Optional<String> bootPolicy,
      boolean hasV) {
    return new Enrolled(
        id,
        at,
        bare(enrolment),
        TpmtPublic.parse2b(enrolment.akTpm()),
        PcrPolicy.parse(enrolment.tpmPolicy()),
        runtimePolicy,
        bootPolicy,
        groupOf(enrolment.metadata()),
        hasV);
  }

  /**
   * A group's name: 1 to 80 of {@code A-Z a-z 0-9 . _ -}.
   *
   * @throws MalformedException if it is none
   */
  static String group(String text) {
    if (!text.matches("[A-Za-z0-9._-]{1,80}")) {
      throw new MalformedException("a group's name has 1 to 80 of A-Z a-z 0-9 . _ -");
    }
    return text;
  }

  /**
   * The member {@code group} of Keylime's free-form metadata; whatever else it holds is nothing.
   */
  private static Optional<String> groupOf(String metadata) {
    try {
      return Json.object(metadata).optionalString("group").map(Enrolled::group);
    } catch (MalformedException e) {
      return Optional.empty(); // metadata may be anything
    }
  }

  /** Name of the policy of this kind that is attached. */
  Optional<String> policy(Policies.Kind kind) {
    return switch (kind) {
      case RUNTIME -> runtimePolicy;
      case BOOT -> bootPolicy;
    };
  }

  Peer peer() {
    return new Peer(
        id,
        enrolment.ip().orElseThrow(),
        enrolment.port().orElseThrow(),
        enrolment.mtlsCert().orElseGet(AgentTls.Disabled::new));
  }

  AcceptedAlgorithms accepted() {
    AcceptedAlgs words = enrolment.accepted();
    return new AcceptedAlgorithms(
        Set.copyOf(words.hash()), Set.copyOf(words.encryption()), Set.copyOf(words.signing()));
  }

  /** Without V, the revocation key and the policies' content: these are kept elsewhere. */
  private static Enrolment bare(Enrolment e) {
    return new Enrolment(
        Optional.empty(),
        e.ip(),
        e.port(),
        e.verifierIp(),
        e.verifierPort(),
        e.tpmPolicy(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        e.imaSignVerificationKeys(),
        e.metadata(),
        Optional.empty(),
        e.accepted(),
        e.akTpm(),
        e.mtlsCert(),
        e.supportedVersion());
  }
}
