package io.limestone.server.verifier;

import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.Health;
import io.limestone.server.nodes.Incident;
import io.limestone.server.nodes.NodeStateJson;
import io.limestone.server.nodes.PolicyUse;
import io.limestone.server.nodes.Trial;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became of policies (docs/policy-lifecycle.md): their versions, what is rolled out and what
 * that finds, and who did what. Reads only.
 */
final class HistoryRoutes {
  /** Nodes that an answer names at most. */
  static final int MOST_NODES = 1000;

  private final Database database;
  private final Policies policies;
  private final References references;
  private final Fleet fleet;
  private final StatusView view;
  private final AuditLog audit;

  HistoryRoutes(
      Database database,
      Policies policies,
      References references,
      Fleet fleet,
      StatusView view,
      AuditLog audit) {
    this.database = database;
    this.policies = policies;
    this.references = references;
    this.fleet = fleet;
    this.view = view;
    this.audit = audit;
  }

  List<Route> routes() {
    String one = "/limestone/v1/policies/{kind}/{name}";
    return List.of(
        Route.of(Method.GET, one, Access.ADMIN, this::show),
        Route.of(Method.GET, one + "/versions/{number}", Access.ADMIN, this::version),
        Route.of(Method.GET, "/limestone/v1/rollouts", Access.ADMIN, r -> rollouts()),
        Route.of(Method.GET, "/limestone/v1/audit", Access.ADMIN, this::log));
  }

  private Response show(Request request) {
    Policies.Kind kind = RolloutRoutes.kind(request.parameter("kind"));
    String name = PolicyText.name(request.parameter("name"));
    record Found(Policies.Standing standing, List<Policies.Version> versions) {}
    Optional<Found> found =
        database.read(
            h ->
                policies
                    .standing(h, kind, name)
                    .map(s -> new Found(s, policies.versions(h, kind, name))));
    if (found.isEmpty()) {
      return RolloutRoutes.missing(kind, name);
    }
    Map<String, @Nullable Object> json = rollout(kind, name, found.get().standing());
    json.put("versions", found.get().versions().stream().map(HistoryRoutes::json).toList());
    return Response.ok(json);
  }

  private static Map<String, Object> json(Policies.Version version) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", version.number());
    json.put("digest", version.digest());
    json.put("length", version.length());
    json.put("at_ms", version.by().at().toEpochMilli());
    json.put("who", version.by().actor());
    json.put("why", version.by().why());
    version.enforced().ifPresent(at -> json.put("enforced_ms", at.toEpochMilli()));
    return json;
  }

  /** Every policy that has a candidate. */
  private Response rollouts() {
    record Found(Policies.Kind kind, String name, Policies.Standing standing) {}
    List<Found> found =
        database.read(
            h -> {
              List<Found> all = new ArrayList<>();
              for (Policies.Kind kind : Policies.Kind.values()) {
                for (String name : policies.rolledOut(h, kind)) {
                  policies
                      .standing(h, kind, name)
                      .ifPresent(standing -> all.add(new Found(kind, name, standing)));
                }
              }
              return all;
            });
    return Response.ok(
        Map.of(
            "rollouts",
            found.stream().map(one -> rollout(one.kind(), one.name(), one.standing())).toList()));
  }

  /** Where a roll-out is, and what the candidate finds of the nodes that use the policy. */
  private Map<String, @Nullable Object> rollout(
      Policies.Kind kind, String name, Policies.Standing standing) {
    List<String> canaries = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    List<Object> wouldFail = new ArrayList<>();
    int passes = 0;
    int fails = 0;
    int waiting = 0;
    List<Watched> users = fleet.users(kind, name);
    for (Watched node : standing.candidate().isEmpty() ? List.<Watched>of() : users) {
      if (standing.isCanary(node.enrolled(), name)) {
        canaries.add(node.enrolled().id().value());
        if (isRefused(node, kind, name)) {
          refused.add(node.enrolled().id().value());
        }
        continue;
      }
      Optional<Trial> trial = references.trial(node);
      if (trial.isEmpty()) {
        waiting++;
      } else if (trial.get().passes()) {
        passes++;
      } else {
        fails++;
        if (wouldFail.size() < MOST_NODES) {
          wouldFail.add(wouldFail(node, trial.get()));
        }
      }
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("kind", kind.word());
    json.put("name", name);
    json.put("enforced", standing.version());
    json.put("candidate", standing.candidate().map(Policies.Candidate::version).orElse(null));
    json.put("since_ms", standing.since().map(Instant::toEpochMilli).orElse(null));
    json.put("canary_percent", standing.share());
    json.put("canary_group", standing.group().orElse(null));
    json.put("nodes", users.size());
    json.put("canaries", canaries);
    json.put("refused", refused);
    json.put("would_pass", passes);
    json.put("would_fail", fails);
    json.put("not_judged", waiting);
    json.put("failing", wouldFail);
    return json;
  }

  /** Whether a canary is not trusted, by what decides for it now. */
  private boolean isRefused(Watched node, Policies.Kind kind, String name) {
    List<PolicyUse> by = node.state().incident().map(Incident::by).orElse(List.of());
    return view.health(node) instanceof Health.Untrusted
        && by.stream().anyMatch(use -> use.kind().equals(kind.word()) && use.name().equals(name))
        && references.decideNow(node, by);
  }

  private static Map<String, @Nullable Object> wouldFail(Watched node, Trial trial) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", node.enrolled().id().value());
    json.putAll(summary(trial));
    return json;
  }

  /** What policies that are only tried have found: it decides nothing, and is told beside. */
  static Map<String, @Nullable Object> summary(Trial trial) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("policies", trial.policies().stream().map(PolicyUse::toJson).toList());
    json.put("passes", trial.passes());
    json.put("since_ms", trial.since().toEpochMilli());
    json.put("failures", trial.failures().size());
    json.put("first", trial.passes() ? null : NodeStateJson.toJson(trial.failures().getFirst()));
    return json;
  }

  private Response version(Request request) {
    Policies.Kind kind = RolloutRoutes.kind(request.parameter("kind"));
    String name = PolicyText.name(request.parameter("name"));
    long number = RolloutRoutes.number(request.parameter("number"));
    return database
        .read(h -> policies.text(h, kind, name, number))
        .map(text -> Response.ok(Map.of("name", name, "version", number, "content", text)))
        .orElseGet(
            () -> Response.error(404, kind.words() + " " + name + " has no version " + number));
  }

  private Response log(Request request) {
    int most = request.query("most").map(RolloutRoutes::number).orElse(100L).intValue();
    List<AuditLog.Entry> entries =
        audit.newest(request.query("subject"), Math.clamp(most, 1, 10_000));
    return Response.ok(Map.of("entries", entries.stream().map(HistoryRoutes::json).toList()));
  }

  private static Map<String, Object> json(AuditLog.Entry entry) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("at_ms", entry.at().toEpochMilli());
    json.put("who", entry.actor());
    json.put("action", entry.action());
    json.put("subject", entry.subject());
    json.put("detail", entry.detail());
    return json;
  }
}
