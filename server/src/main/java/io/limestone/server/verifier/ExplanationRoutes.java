package io.limestone.server.verifier;

import io.limestone.keylime.NodeId;
import io.limestone.policy.boot.Outdated;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.Health;
import io.limestone.server.nodes.Incident;
import io.limestone.server.nodes.NodeState;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.server.nodes.PolicyUse;
import io.limestone.server.nodes.Trial;
import io.limestone.server.revocation.Outbox;
import io.limestone.server.store.Database;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Limestone's own routes, for its command line and other people-facing programs: nodes with health
 * and age, the failed checks explained, and the timeline. In the usual envelope. Times are
 * milliseconds since 1970, ages milliseconds.
 */
final class ExplanationRoutes {
  private static final int CHANGES = 200;
  private static final int NOTICES = 100;

  private final Database database;
  private final NodeStore store;
  private final Policies policies;
  private final References references;
  private final Outbox outbox;
  private final Fleet fleet;
  private final StatusView view;

  ExplanationRoutes(
      Database database,
      NodeStore store,
      Policies policies,
      References references,
      Outbox outbox,
      Fleet fleet,
      StatusView view) {
    this.database = database;
    this.store = store;
    this.policies = policies;
    this.references = references;
    this.outbox = outbox;
    this.fleet = fleet;
    this.view = view;
  }

  List<Route> routes() {
    return List.of(
        Route.of(Method.GET, "/limestone/v1/nodes", Access.ADMIN, r -> list()),
        Route.of(Method.GET, "/limestone/v1/nodes/{id}", Access.ADMIN, this::show),
        Route.of(Method.GET, "/limestone/v1/nodes/{id}/failing", Access.ADMIN, this::failing),
        Route.of(Method.GET, "/v{version}/agents/{id}/explanation", Access.ADMIN, this::show));
  }

  private Response list() {
    return Response.ok(
        Map.of("nodes", List.copyOf(fleet.all()).stream().map(this::summary).toList()));
  }

  private Response show(Request request) {
    NodeId id = NodeId.parse(request.parameter("id"));
    Optional<Watched> node = fleet.find(id);
    return node.isEmpty()
        ? Response.error(404, "agent id not found")
        : Response.ok(detail(node.get()));
  }

  /**
   * What a node fails on now, with what a policy's author needs: the policies that decide for it,
   * by name and content, those that it was judged by, and each failure with rule, entry, path and
   * digest in its context.
   */
  private Response failing(Request request) {
    Optional<Watched> found = fleet.find(NodeId.parse(request.parameter("id")));
    if (found.isEmpty()) {
      return Response.error(404, "agent id not found");
    }
    Watched node = found.get();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", node.enrolled().id().value());
    json.put("health", view.health(node).word());
    json.put("at_ms", millis(node.state().incident().map(Incident::at)));
    json.put("runtime_policy", policy(Policies.Kind.RUNTIME, node.enrolled()));
    json.put("mb_policy", policy(Policies.Kind.BOOT, node.enrolled()));
    json.put(
        "judged_by",
        json(
            isTrusted(node)
                ? List.of()
                : node.state().incident().map(Incident::by).orElse(List.of())));
    json.put("failures", failures(node));
    return Response.ok(json);
  }

  private static List<JsonObject> json(List<PolicyUse> uses) {
    return uses.stream().map(PolicyUse::toJson).toList();
  }

  /** The version that decides for a node: that under audit, if it is a canary. */
  private @Nullable Map<String, Object> policy(Policies.Kind kind, Enrolled node) {
    return node.policy(kind)
        .flatMap(
            name ->
                database
                    .read(h -> policies.standing(h, kind, name))
                    .map(
                        s -> {
                          boolean canary = s.isCanary(node, name);
                          Map<String, Object> json = new LinkedHashMap<>();
                          json.put("name", name);
                          json.put(
                              "version",
                              canary ? s.candidate().orElseThrow().version() : s.version());
                          json.put(
                              "digest", canary ? s.candidate().orElseThrow().digest() : s.digest());
                          json.put("canary", canary);
                          return json;
                        }))
        .orElse(null);
  }

  private boolean isTrusted(Watched node) {
    return view.health(node) instanceof Health.Trusted;
  }

  private List<?> failures(Watched node) {
    return isTrusted(node)
        ? List.of()
        : node.state().incident().map(Incident::failures).orElse(List.of()).stream()
            .map(NodeStateJson::toJson)
            .toList();
  }

  private Map<String, @Nullable Object> summary(Watched node) {
    NodeState state = node.state();
    Health health = view.health(node);
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", node.enrolled().id().value());
    json.put("health", health.word());
    json.put("age_ms", age(health).map(Duration::toMillis).orElse(null));
    json.put("operational_state", state.operationalState().number());
    json.put("operational_state_text", state.operationalState().words());
    json.put("attestation_count", state.tally().attestations());
    json.put("last_received_ms", millis(state.tally().lastReceived()));
    json.put("last_success_ms", millis(state.tally().lastSuccess()));
    json.put("last_event_id", state.incident().map(Incident::eventId).orElse(null));
    json.put("candidate", references.trial(node).map(HistoryRoutes::summary).orElse(null));
    json.put("outdated", outdated(state, health));
    return json;
  }

  private static List<JsonObject> outdated(NodeState state, Health health) {
    return health instanceof Health.Trusted
        ? state.outdated().stream().map(Outdated::toJson).toList()
        : List.of();
  }

  /** With all that policies that are only tried have found. */
  private static Map<String, @Nullable Object> candidate(Trial trial) {
    Map<String, @Nullable Object> json = HistoryRoutes.summary(trial);
    json.put("all", trial.failures().stream().map(NodeStateJson::toJson).toList());
    return json;
  }

  private Map<String, @Nullable Object> detail(Watched node) {
    NodeState state = node.state();
    Enrolled enrolled = node.enrolled();
    Map<String, @Nullable Object> json = summary(node);
    json.put("candidate", references.trial(node).map(ExplanationRoutes::candidate).orElse(null));
    json.put("judged_by", json(references.decides(node)));
    json.put("since_ms", state.since().toEpochMilli());
    json.put("enrolled_ms", enrolled.at().toEpochMilli());
    json.put("address", enrolled.peer().authority());
    json.put("api_version", state.version().toString());
    json.put("attestation_key", enrolled.ak().keylimeAlg());
    json.put("runtime_policy", enrolled.runtimePolicy().orElse(null));
    json.put("mb_policy", enrolled.bootPolicy().orElse(null));
    json.put("tpm_policy", enrolled.enrolment().tpmPolicy());
    json.put(
        "v", !enrolled.hasV() ? "none" : state.keyWithV().isPresent() ? "released" : "withheld");
    json.put("quote_interval_ms", view.rhythm().interval().toMillis());
    json.put("failures", failures(node));
    String id = enrolled.id().value();
    json.put(
        "timeline",
        database.read(h -> store.changes(h, enrolled.id(), CHANGES)).stream()
            .map(ExplanationRoutes::json)
            .toList());
    json.put(
        "notices",
        database.read(h -> outbox.about(h, id, NOTICES)).stream()
            .map(ExplanationRoutes::json)
            .toList());
    return json;
  }

  private static Map<String, @Nullable Object> json(NodeStore.StoredChange change) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("at_ms", change.at().toEpochMilli());
    json.put("event", change.kind());
    json.put("text", change.text());
    change
        .failures()
        .ifPresent(text -> json.put("failures", Json.value(text.getBytes(StandardCharsets.UTF_8))));
    return json;
  }

  private static Map<String, @Nullable Object> json(Outbox.Told told) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("at_ms", told.at().toEpochMilli());
    json.put("channel", told.channel());
    json.put("recipient", told.recipient());
    json.put("attempts", told.attempts());
    json.put("outcome", told.outcome());
    return json;
  }

  private static Optional<Duration> age(Health health) {
    return switch (health) {
      case Health.Trusted(Duration age) -> Optional.of(age);
      case Health.Untrusted(Duration age) -> Optional.of(age);
      case Health.Unknown(Optional<Duration> age) -> age;
    };
  }

  private static @Nullable Long millis(Optional<Instant> at) {
    return at.map(Instant::toEpochMilli).orElse(null);
  }
}
