package io.limestone.cli.rest;

import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Enrolment;
import io.limestone.keylime.NodeId;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The verifier's REST interface (verifier-api.md section 2). */
public final class Verifier {
  private static final String POLICIES = "/limestone/v1/policies/";
  private static final String LEARNINGS = "/limestone/v1/learnings";

  private final Rest rest;
  private final String base;

  private Verifier(Rest rest, ApiVersion version) {
    this.rest = rest;
    this.base = version.path();
  }

  public static Verifier connect(Rest rest) throws IOException, InterruptedException {
    return new Verifier(rest, rest.negotiate());
  }

  public Address address() {
    return rest.address();
  }

  /** The status object of one node, or nothing where it is not enrolled. */
  public Optional<JsonObject> status(NodeId id) throws IOException, InterruptedException {
    return found(rest.get(base + "/agents/" + id), "reading the node's status");
  }

  /** Why the node is in its state, from Limestone's own route; nothing from other verifiers. */
  public Optional<JsonObject> explanation(NodeId id) throws IOException, InterruptedException {
    Answer answer = rest.get(base + "/agents/" + id + "/explanation");
    return answer.ok() ? Optional.of(answer.results()) : Optional.empty();
  }

  /** Status objects by id. */
  public JsonObject statuses() throws IOException, InterruptedException {
    return rest.get(base + "/agents/?bulk=True").expectSuccess("listing the nodes");
  }

  /** Limestone's own: health and age of each node; nothing from other verifiers. */
  public Optional<JsonObject> nodes() throws IOException, InterruptedException {
    Answer answer = rest.get("/limestone/v1/nodes");
    return answer.ok() ? Optional.of(answer.results()) : Optional.empty();
  }

  public Answer enrol(NodeId id, Enrolment enrolment) throws IOException, InterruptedException {
    return rest.post(base + "/agents/" + id, enrolment.toJson());
  }

  public Answer remove(NodeId id) throws IOException, InterruptedException {
    return rest.delete(base + "/agents/" + id);
  }

  public Answer stop(NodeId id) throws IOException, InterruptedException {
    return rest.put(base + "/agents/" + id + "/stop", null);
  }

  public Answer reactivate(NodeId id) throws IOException, InterruptedException {
    return rest.put(base + "/agents/" + id + "/reactivate", null);
  }

  /**
   * The policies of one kind.
   *
   * @param kind {@code allowlists} or {@code mbpolicies}
   */
  public JsonObject policies(String kind) throws IOException, InterruptedException {
    return rest.get(base + "/" + kind + "/").expectSuccess("listing the policies");
  }

  public Optional<JsonObject> policy(String kind, String name)
      throws IOException, InterruptedException {
    return found(rest.get(base + "/" + kind + "/" + name), "reading the policy");
  }

  public Answer addPolicy(String kind, String name, Map<String, ?> body)
      throws IOException, InterruptedException {
    return rest.post(base + "/" + kind + "/" + name, body);
  }

  public Answer updatePolicy(String kind, String name, Map<String, ?> body)
      throws IOException, InterruptedException {
    return rest.put(base + "/" + kind + "/" + name, body);
  }

  public Answer removePolicy(String kind, String name) throws IOException, InterruptedException {
    return rest.delete(base + "/" + kind + "/" + name);
  }

  /**
   * Limestone's own: a policy's versions and roll-out.
   *
   * @param policy {@code kind/name}
   */
  public Optional<JsonObject> history(String policy) throws IOException, InterruptedException {
    return found(rest.get(POLICIES + policy), "reading the policy's versions");
  }

  /**
   * Limestone's own: one version of a policy.
   *
   * @param policy {@code kind/name}
   */
  public Optional<JsonObject> policyVersion(String policy, long number)
      throws IOException, InterruptedException {
    return found(
        rest.get(POLICIES + policy + "/versions/" + number), "reading a version of the policy");
  }

  /** Limestone's own: what a node fails on, and by which policies. */
  public Optional<JsonObject> failing(NodeId id) throws IOException, InterruptedException {
    return found(
        rest.get("/limestone/v1/nodes/" + id + "/failing"), "reading what the node fails on");
  }

  /**
   * Limestone's own: a step of a roll-out.
   *
   * @param step {@code kind/name/step}
   */
  public Answer changePolicy(String step, Map<String, ?> body)
      throws IOException, InterruptedException {
    return rest.post(POLICIES + step, body);
  }

  /** Limestone's own: every policy that is rolled out; nothing from other verifiers. */
  public Optional<JsonObject> rollouts() throws IOException, InterruptedException {
    return found(rest.get("/limestone/v1/rollouts"), "reading what is rolled out");
  }

  /** Limestone's own: how much evidence is kept; nothing from other verifiers. */
  public Optional<JsonObject> evidence() throws IOException, InterruptedException {
    return found(rest.get("/limestone/v1/evidence"), "reading how much evidence is kept");
  }

  /** Limestone's own: a part of the nodes, judged by a draft. */
  public Answer tryPolicy(Map<String, ?> body) throws IOException, InterruptedException {
    return rest.post("/limestone/v1/try", body);
  }

  /** Limestone's own: what is learnt, and was, in short. */
  public JsonObject learnings() throws IOException, InterruptedException {
    return rest.get(LEARNINGS).expectSuccess("listing what is learnt");
  }

  /** Limestone's own: one learning, without what it learnt. */
  public Optional<JsonObject> learning(String name) throws IOException, InterruptedException {
    return found(rest.get(LEARNINGS + "/" + name), "reading the learning");
  }

  /** Limestone's own: shows each thing that was learnt. */
  public void learnt(String name, Consumer<JsonObject> to)
      throws IOException, InterruptedException {
    Optional<String> next = Optional.of("");
    while (next.isPresent()) {
      JsonObject page =
          rest.get(LEARNINGS + "/" + name + "/things?after=" + next.get())
              .expectSuccess("reading what was learnt");
      for (Object item : page.list("things")) {
        if (item instanceof JsonObject thing) {
          to.accept(thing);
        }
      }
      next = page.optionalString("next");
    }
  }

  /** Limestone's own: a step in the life of a learning. */
  public Answer changeLearning(String name, String step, Map<String, ?> body)
      throws IOException, InterruptedException {
    return rest.post(LEARNINGS + "/" + name + "/" + step, body);
  }

  /** Limestone's own: the newest entries of the audit log, of one subject or of all. */
  public JsonObject audit(Optional<String> subject, int most)
      throws IOException, InterruptedException {
    return rest.get(
            "/limestone/v1/audit?most="
                + most
                + subject
                    .map(s -> "&subject=" + URLEncoder.encode(s, StandardCharsets.UTF_8))
                    .orElse(""))
        .expectSuccess("reading the audit log");
  }

  private static Optional<JsonObject> found(Answer answer, String doing) {
    return answer.status() == 404 ? Optional.empty() : Optional.of(answer.expectSuccess(doing));
  }
}
