package io.limestone.cli.node;

import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.rest.Address;
import io.limestone.cli.rest.Agent;
import io.limestone.cli.rest.Answer;
import io.limestone.cli.rest.Tls;
import io.limestone.cli.rest.Verifier;
import io.limestone.keylime.AcceptedAlgs;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.BootstrapKey;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.Payload;
import io.limestone.keylime.RegisteredAgent;
import io.limestone.keylime.TransportKey;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The enrolment of one node, from the registrar's record to the verifier. The record is read once
 * and every step uses that one copy, so the AK that the verifier gets is the AK that was proven
 * (threats.md T9). Nothing is handed over before EK and identity are verified.
 */
final class Enrolling {
  private static final AcceptedAlgorithms ACCEPTED = AcceptedAlgorithms.DEFAULT;

  private final RegisteredAgent node;
  private final TpmtPublic ak;
  private final Progress progress;
  private final SecureRandom random;

  private Enrolling(RegisteredAgent node, TpmtPublic ak, Progress progress, SecureRandom random) {
    this.node = node;
    this.ak = ak;
    this.progress = progress;
    this.random = random;
  }

  /** Checks what can be checked of the record alone: that the AK is one, and that an EK vouches. */
  static Enrolling of(
      RegisteredAgent node, EkCheck ekCheck, Progress progress, SecureRandom random) {
    TpmtPublic ak = TpmtPublic.parse2b(node.akTpm());
    ak.whyNotAttestationKey()
        .ifPresent(
            why -> {
              throw CommandFailed.because(
                  "the registered AK is not an attestation key of a TPM: "
                      + why
                      + ". It could be software; the node is not enrolled");
            });
    ekCheck.check(node, progress);
    return new Enrolling(node, ak, progress, random);
  }

  /** Proves that the agent at {@code address} is on the TPM of the record. */
  Proven prove(Address address, Tls tls, Duration timeout)
      throws IOException, InterruptedException {
    Agent agent = Agent.connect(node, address, tls, timeout);
    RSAPublicKey transportKey = IdentityCheck.transportKey(agent, ak, ACCEPTED, random);
    progress.step(
        "ak_proven", "AK proven: identity quote by " + ak.keylimeAlg() + ", transport key bound");
    return new Proven(agent, transportKey);
  }

  /** A node whose agent has shown, just now, that it holds the registered AK. */
  final class Proven {
    private final Agent agent;
    private final RSAPublicKey transportKey;

    private Proven(Agent agent, RSAPublicKey transportKey) {
      this.agent = agent;
      this.transportKey = transportKey;
    }

    Agent agent() {
      return agent;
    }

    /**
     * Splits a new K: U and the sealed payload go to the agent.
     *
     * @return K, and V for the verifier
     */
    Handed hand(Secret payload) throws IOException, InterruptedException {
      BootstrapKey key = BootstrapKey.random(random);
      BootstrapKey.Halves halves = key.split(random);
      try (Secret u = halves.u()) {
        agent.deliver(
            new KeyDelivery.U(
                TransportKey.wrap(transportKey, u),
                key.authTag(node.id()),
                Optional.of(Payload.seal(key, payload, random))));
      }
      progress.step("u_delivered", "U and the sealed payload delivered to the agent");
      return new Handed(key, halves.v());
    }

    void enrol(Verifier verifier, Judging judging, Load load, Optional<Handed> handed)
        throws IOException, InterruptedException {
      Answer answer =
          verifier.enrol(
              node.id(), enrolment(verifier, agent, judging, load, handed.map(Handed::v)));
      if (answer.status() == 409) {
        throw CommandFailed.because(
            "the verifier answered: "
                + answer.said()
                + ". `limestone node update "
                + node.id()
                + "` replaces an enrolment");
      }
      answer.expectSuccess("enrolling " + node.id());
      progress.step("enrolled", "enrolled at the verifier " + verifier.address());
    }
  }

  /** The key of the payload, and the half that the verifier keeps until the node is trusted. */
  record Handed(BootstrapKey key, Secret v) implements AutoCloseable {
    @Override
    public void close() {
      key.close();
      v.close();
    }
  }

  private Enrolment enrolment(
      Verifier verifier, Agent agent, Judging judging, Load load, Optional<Secret> v) {
    return new Enrolment(
        v,
        Optional.of(agent.address().host()),
        Optional.of(agent.address().port()),
        Optional.of(verifier.address().host()),
        Optional.of(verifier.address().port()),
        judging.tpmPolicy(),
        judging.runtimePolicy(),
        judging.runtimePolicyName(),
        judging.runtimePolicyKey(),
        judging.bootPolicy(),
        judging.bootPolicyName(),
        Optional.empty(),
        judging.metadata(),
        load.revocationKey(),
        accepted(),
        Bytes.of(node.akTpm().toArray()),
        node.mtlsCert(),
        Optional.of(agent.version()).filter(version -> version.compareTo(ApiVersion.CURRENT) <= 0));
  }

  /** {@code rsa} and {@code ecc} are how API versions below 2.5 spell two of the sizes. */
  private static AcceptedAlgs accepted() {
    return new AcceptedAlgs(
        ACCEPTED.hash().stream().sorted().toList(),
        Stream.concat(ACCEPTED.encryption().stream(), List.of("ecc", "rsa").stream())
            .sorted()
            .toList(),
        ACCEPTED.signing().stream().sorted().toList());
  }
}
