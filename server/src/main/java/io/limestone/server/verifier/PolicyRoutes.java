package io.limestone.server.verifier;

import io.limestone.policy.PolicyRefusedException;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.store.AuditLog;
import io.limestone.server.store.Database;
import io.limestone.wire.JsonObject;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The routes of runtime and measured-boot policies (verifier-api.md §2.6 and 2.7). */
final class PolicyRoutes {
  private final Database database;
  private final NodeStore store;
  private final Policies policies;
  private final References references;
  private final Fleet fleet;
  private final AuditLog audit;
  private final InstantSource clock;
  private final boolean signed;

  PolicyRoutes(
      Database database,
      NodeStore store,
      Policies policies,
      References references,
      Fleet fleet,
      AuditLog audit,
      InstantSource clock,
      boolean signed) {
    this.database = database;
    this.store = store;
    this.policies = policies;
    this.references = references;
    this.fleet = fleet;
    this.audit = audit;
    this.clock = clock;
    this.signed = signed;
  }

  List<Route> routes() {
    return Stream.of(Policies.Kind.values()).flatMap(k -> of(k).stream()).toList();
  }

  private List<Route> of(Policies.Kind kind) {
    String all =
        kind == Policies.Kind.RUNTIME ? "/v{version}/allowlists" : "/v{version}/mbpolicies";
    String one = all + "/{name}";
    return List.of(
        Route.of(Method.GET, all, Access.ADMIN, r -> list(kind)),
        Route.of(Method.GET, one, Access.ADMIN, r -> show(kind, r)),
        Route.of(Method.POST, one, Access.ADMIN, r -> write(kind, r, true)),
        Route.of(Method.PUT, one, Access.ADMIN, r -> write(kind, r, false)),
        Route.of(Method.DELETE, one, Access.ADMIN, r -> delete(kind, r)));
  }

  private Response list(Policies.Kind kind) {
    String member = kind == Policies.Kind.RUNTIME ? "runtimepolicy names" : "mbpolicy names";
    return Response.ok(Map.of(member, database.read(h -> policies.names(h, kind))));
  }

  private Response show(Policies.Kind kind, Request request) {
    String name = PolicyText.name(request.parameter("name"));
    Optional<String> text = database.read(h -> policies.text(h, kind, name));
    if (text.isEmpty()) {
      return notFound(kind, name);
    }
    Map<String, @Nullable Object> results = new LinkedHashMap<>();
    results.put("name", name);
    switch (kind) {
      case RUNTIME -> {
        results.put("tmp_policy", null); // Keylime's spelling and value
        results.put("runtime_policy", text.get());
      }
      case BOOT -> results.put("mb_policy", text.get().isEmpty() ? null : text.get());
    }
    return Response.ok(results);
  }

  private Response write(Policies.Kind kind, Request request, boolean fresh) {
    String name = PolicyText.name(request.parameter("name"));
    if (!request.hasBody()) {
      return Response.error(400, "Expected non zero content length");
    }
    JsonObject body = request.json();
    Policies.By by = RolloutRoutes.by(request, body, clock);
    Policies.Content content;
    try {
      content = RolloutRoutes.content(kind, body, signed);
      if (kind == Policies.Kind.BOOT) {
        references.requireUsable(content.text());
      }
    } catch (PolicyRefusedException e) {
      return Response.error(e.status(), String.valueOf(e.getMessage()));
    }
    record Outcome(Optional<Response> refused, long version) {}
    Outcome outcome =
        database.write(
            h -> {
              boolean exists = policies.exists(h, kind, name);
              if (exists == fresh) {
                return new Outcome(
                    Optional.of(fresh ? conflict(kind, name) : missing(kind, name)), 0);
              }
              long version = policies.put(h, kind, name, content, by);
              audit.record(
                  h,
                  by.actor(),
                  fresh ? "add " + kind.table() : "change " + kind.table(),
                  name,
                  "version " + version + "; why: " + reason(by) + "; SHA-256 " + content.digest());
              return new Outcome(Optional.empty(), version);
            });
    if (outcome.refused().isPresent()) {
      return outcome.refused().get();
    }
    references.changed();
    if (!fresh) {
      fleet.policyChanged(
          kind,
          name,
          kind.words()
              + " "
              + name
              + ": version "
              + outcome.version()
              + " is enforced; why: "
              + reason(by));
    }
    return Response.envelope(201, "Created", Map.of());
  }

  /** Keylime's tenant gives none. */
  private static String reason(Policies.By by) {
    return by.why().isEmpty() ? "none given" : by.why();
  }

  private Response delete(Policies.Kind kind, Request request) {
    String name = PolicyText.name(request.parameter("name"));
    return database.write(
        h -> {
          if (!policies.exists(h, kind, name)) {
            return notFound(kind, name);
          }
          List<String> users = store.usersOf(h, kind, name);
          if (!users.isEmpty()) {
            return Response.error(
                409,
                "Can't delete "
                    + (kind == Policies.Kind.RUNTIME ? "allowlist" : "mb_policy")
                    + " as it's currently in use by agent "
                    + String.join(", ", users));
          }
          policies.delete(h, kind, name);
          audit.record(h, request.caller().label(), "delete " + kind.table(), name, "");
          return Response.empty(204);
        });
  }

  private static Response conflict(Policies.Kind kind, String name) {
    return Response.error(409, words(kind) + " with name " + name + " already exists");
  }

  /** Of a change to a policy that is not there: Keylime answers the two kinds differently. */
  private static Response missing(Policies.Kind kind, String name) {
    return Response.error(
        kind == Policies.Kind.RUNTIME ? 404 : 409, words(kind) + " " + name + " not found");
  }

  private static Response notFound(Policies.Kind kind, String name) {
    return Response.error(404, words(kind) + " " + name + " not found");
  }

  private static String words(Policies.Kind kind) {
    return kind == Policies.Kind.RUNTIME ? "Runtime policy" : "Measured boot policy";
  }
}
