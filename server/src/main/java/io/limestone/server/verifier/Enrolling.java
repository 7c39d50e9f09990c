package io.limestone.server.verifier;

import io.limestone.keylime.AgentTls;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.NodeId;
import io.limestone.policy.PolicyRefusedException;
import io.limestone.policy.RuntimePolicy;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.registrar.RegisteredNode;
import io.limestone.server.registrar.Registrations;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;

/**
 * {@code POST agents/{id}} (verifier-api.md §2.3): everything that can be wrong is found before
 * anything is written; node, policies and audit entry are written in one transaction.
 */
final class Enrolling {
  private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9_.:%-]{1,255}");

  private final Database database;
  private final Policies policies;
  private final References references;
  private final Fleet fleet;
  private final AuditLog audit;
  private final InstantSource clock;
  private final Rules rules;
  private final Optional<Registrations> registrations;
  private final ReentrantLock oneAtATime = new ReentrantLock();

  /**
   * What the settings say.
   *
   * @param mtls nodes must have a certificate
   * @param signedPolicies runtime policies must be signed
   * @param foreign nodes may be registered elsewhere
   */
  record Rules(boolean mtls, boolean signedPolicies, boolean foreign) {}

  /** A registrar in the same process is asked; without one the enrolment is taken as it is. */
  Enrolling(
      Database database,
      Policies policies,
      References references,
      Fleet fleet,
      AuditLog audit,
      InstantSource clock,
      Rules rules,
      Registrations... registrations) {
    this.database = database;
    this.policies = policies;
    this.references = references;
    this.fleet = fleet;
    this.audit = audit;
    this.clock = clock;
    this.rules = rules;
    this.registrations = Arrays.stream(registrations).findFirst();
  }

  Response enrol(Request request) {
    NodeId id;
    try {
      id = NodeId.parse(request.parameter("id"));
    } catch (MalformedException e) {
      return Response.error(400, "agent_id not not valid");
    }
    if (!request.hasBody()) {
      return Response.error(400, "Expected non zero content length");
    }
    Enrolment enrolment;
    try {
      enrolment = Enrolment.fromJson(request.json());
    } catch (MalformedException e) {
      return exception(e);
    }
    if (rules.mtls() && !(enrolment.mtlsCert().orElse(null) instanceof AgentTls.Pinned)) {
      return Response.error(400, "mTLS certificate for agent is required!");
    }
    try {
      Optional<String> runtime =
          enrolment
              .runtimePolicy()
              .map(text -> checked(text, enrolment.runtimePolicyKey(), rules.signedPolicies()));
      enrolment.mbPolicy().ifPresent(references::requireUsable);
      check(id, enrolment);
      oneAtATime.lock();
      try {
        return write(id, enrolment, runtime, request.caller().label());
      } finally {
        oneAtATime.unlock();
      }
    } catch (PolicyRefusedException e) {
      return Response.error(e.status(), String.valueOf(e.getMessage()));
    } catch (MalformedException e) {
      return exception(e);
    }
  }

  /** The policy's JSON text, taken out of its envelope, once it is known to be good. */
  static String checked(Bytes upload, Optional<Bytes> key, boolean signed) {
    var unused = RuntimePolicy.ofUpload(upload, key, signed);
    return PolicyText.of(upload);
  }

  private void check(NodeId id, Enrolment enrolment) {
    String address =
        enrolment.ip().orElseThrow(() -> new MalformedException("cloudagent_ip is missing"));
    if (!ADDRESS.matcher(address).matches()) {
      throw new MalformedException("cloudagent_ip is no address or host name");
    }
    if (enrolment.port().isEmpty()) {
      throw new MalformedException("cloudagent_port is missing");
    }
    TpmtPublic ak = TpmtPublic.parse2b(enrolment.akTpm());
    ak.whyNotAttestationKey()
        .ifPresent(
            why -> {
              throw new MalformedException("ak_tpm is no attestation key of a TPM: " + why);
            });
    enrolment
        .revocationKey()
        .ifPresent(
            key -> {
              var unused = RevocationKey.parse(new String(key.reveal(), StandardCharsets.UTF_8));
            });
    registrations.ifPresent(r -> agree(r.active(id.value()), enrolment));
  }

  /** The AK that the user validated must be the one whose TPM was proven here (T9). */
  private void agree(Optional<RegisteredNode> registered, Enrolment enrolment) {
    if (registered.isEmpty()) {
      if (!rules.foreign()) {
        throw new MalformedException(
            "the node is not registered here, or its registration is not active (the setting"
                + " verifier.accept_foreign_registrations allows it)");
      }
    } else if (!registered.get().identity().aikTpm().equals(enrolment.akTpm())) {
      throw new MalformedException(
          "ak_tpm is not the attestation key that is registered for this node");
    }
  }

  private Response write(NodeId id, Enrolment enrolment, Optional<String> runtime, String actor) {
    record Outcome(Response response, Optional<Watched> node) {}
    Outcome outcome =
        database.write(
            h -> {
              Optional<Response> refused = conflict(h, id, enrolment, runtime.isPresent());
              if (refused.isPresent()) {
                return new Outcome(refused.get(), Optional.empty());
              }
              Policies.By by =
                  new Policies.By(actor, clock.instant(), "came with the enrolment of " + id);
              Enrolled node =
                  Enrolled.of(
                      id,
                      by.at(),
                      enrolment,
                      attachRuntime(h, id, enrolment, runtime, by),
                      attachBoot(h, id, enrolment, by),
                      enrolment.v().isPresent());
              audit.record(h, actor, "enrol", id.value(), "");
              return new Outcome(
                  Response.ok(Map.of()),
                  Optional.of(fleet.insert(h, node, enrolment.v(), enrolment.revocationKey())));
            });
    references.changed();
    outcome.node().ifPresent(fleet::begin);
    enrolment.v().ifPresent(Secret::close);
    enrolment.revocationKey().ifPresent(Secret::close);
    return outcome.response();
  }

  private Optional<Response> conflict(
      Handle h, NodeId id, Enrolment enrolment, boolean hasRuntimeContent) {
    Optional<Response> runtime =
        conflict(
            h,
            Policies.Kind.RUNTIME,
            enrolment.runtimePolicyName(),
            hasRuntimeContent,
            "IMA policy");
    if (runtime.isPresent()) {
      return runtime;
    }
    if (fleet.find(id).isPresent()) {
      return Optional.of(
          Response.error(
              409, "Agent of uuid " + id + " already exists. Please use delete or update."));
    }
    if (enrolment.runtimePolicyName().isEmpty()
        && hasRuntimeContent
        && !fleet.users(Policies.Kind.RUNTIME, id.value()).isEmpty()) {
      return Optional.of(
          Response.error(
              409,
              "IMA policy with name "
                  + id
                  + " is used by other agents: name the policy of this one (runtime_policy_name)"));
    }
    boolean hasBootContent = enrolment.mbPolicy().isPresent();
    Optional<Response> boot =
        conflict(
            h,
            Policies.Kind.BOOT,
            enrolment.mbPolicyName(),
            hasBootContent,
            "measured boot policy");
    if (boot.isPresent()) {
      return boot;
    }
    return enrolment.mbPolicyName().isEmpty()
            && hasBootContent
            && policies.exists(h, Policies.Kind.BOOT, id.value())
        ? Optional.of(
            Response.error(409, "measured boot policy with name " + id + " already exists"))
        : Optional.empty();
  }

  private Optional<Response> conflict(
      Handle h, Policies.Kind kind, Optional<String> name, boolean hasContent, String words) {
    if (name.isEmpty()) {
      return Optional.empty();
    }
    boolean stored = policies.exists(h, kind, name.get());
    String shown = Encoding.printable(name.get(), 255);
    if (stored && hasContent) {
      return Optional.of(Response.error(409, words + " with name " + shown + " already exists"));
    }
    return stored || hasContent
        ? Optional.empty()
        : Optional.of(Response.error(404, "Could not find " + words + " with name " + shown + "!"));
  }

  /**
   * A policy without a name gets the node's id for a name; one left under that name is replaced.
   */
  private Optional<String> attachRuntime(
      Handle h, NodeId id, Enrolment enrolment, Optional<String> content, Policies.By by) {
    if (content.isEmpty()) {
      return enrolment.runtimePolicyName();
    }
    String name = enrolment.runtimePolicyName().map(PolicyText::name).orElse(id.value());
    policies.put(
        h,
        Policies.Kind.RUNTIME,
        name,
        new Policies.Content(content.get(), Optional.of(enrolment.tpmPolicy())),
        by);
    return Optional.of(name);
  }

  private Optional<String> attachBoot(Handle h, NodeId id, Enrolment enrolment, Policies.By by) {
    if (enrolment.mbPolicy().isEmpty()) {
      return enrolment.mbPolicyName();
    }
    String name = enrolment.mbPolicyName().map(PolicyText::name).orElse(id.value());
    policies.put(
        h,
        Policies.Kind.BOOT,
        name,
        new Policies.Content(enrolment.mbPolicy().orElseThrow(), Optional.empty()),
        by);
    return Optional.of(name);
  }

  private static Response exception(MalformedException e) {
    return Response.error(400, "Exception error: " + e.getMessage());
  }
}
