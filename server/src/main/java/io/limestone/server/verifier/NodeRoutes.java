package io.limestone.server.verifier;

import io.limestone.keylime.NodeId;
import io.limestone.keylime.Versions;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.server.nodes.Occurrence;
import io.limestone.server.nodes.Step;
import io.limestone.server.store.AuditLog;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The routes of nodes in API 2.x (verifier-api.md §2.1 to 2.5). */
final class NodeRoutes {
  private static final String NOT_FOUND = "agent id not found";

  private final Fleet fleet;
  private final Enrolling enrolling;
  private final StatusView view;
  private final AuditLog audit;

  NodeRoutes(Fleet fleet, Enrolling enrolling, StatusView view, AuditLog audit) {
    this.fleet = fleet;
    this.enrolling = enrolling;
    this.view = view;
    this.audit = audit;
  }

  List<Route> routes() {
    String node = "/v{version}/agents/{id}";
    return List.of(
        Route.of(Method.GET, "/version", Access.PUBLIC, r -> versions()),
        Route.of(Method.GET, "/versions", Access.PUBLIC, r -> versions()),
        Route.of(Method.GET, "/v{version}/agents", Access.ADMIN, this::list),
        Route.of(Method.GET, node, Access.NODE_OR_ADMIN, this::show),
        Route.of(Method.POST, node, Access.ADMIN, enrolling::enrol),
        Route.of(Method.DELETE, node, Access.ADMIN, this::delete),
        Route.of(
            Method.PUT,
            node + "/reactivate",
            Access.ADMIN,
            r -> command(r, "resume", new Occurrence.Resume())),
        Route.of(
            Method.PUT,
            node + "/stop",
            Access.ADMIN,
            r -> command(r, "stop", new Occurrence.Stop())));
  }

  private static Response versions() {
    return Response.ok(Versions.ofServer().toServerJson());
  }

  private Response list(Request request) {
    boolean ours = request.query("verifier").map(view.verifierId()::equals).orElse(true);
    List<Watched> nodes = ours ? List.copyOf(fleet.all()) : List.of();
    if (request.query("bulk").isPresent()) {
      Map<String, Object> bulk = new LinkedHashMap<>();
      nodes.forEach(node -> bulk.put(node.enrolled().id().value(), view.status(node).toJson()));
      return Response.ok(bulk);
    }
    return Response.ok(
        Map.of("uuids", nodes.stream().map(n -> List.of(n.enrolled().id().value())).toList()));
  }

  private Response show(Request request) {
    return id(request)
        .map(
            id ->
                fleet
                    .find(id)
                    .map(node -> Response.ok(view.status(node).toJson()))
                    .orElseGet(() -> Response.error(404, NOT_FOUND)))
        .orElseGet(NodeRoutes::badId);
  }

  private Response delete(Request request) {
    Optional<NodeId> id = id(request);
    if (id.isEmpty()) {
      return badId();
    }
    Optional<Watched> node = fleet.find(id.get());
    if (node.isEmpty()) {
      return Response.error(404, NOT_FOUND);
    }
    Step step =
        fleet.apply(
            node.get(),
            new Occurrence.Delete(),
            h -> audit.record(h, request.caller().label(), "delete", id.get().value(), ""));
    return step.removed() ? Response.ok(Map.of()) : Response.envelope(202, "Accepted", Map.of());
  }

  private Response command(Request request, String name, Occurrence occurrence) {
    Optional<NodeId> id = id(request);
    if (id.isEmpty()) {
      return badId();
    }
    Optional<Watched> node = fleet.find(id.get());
    if (node.isEmpty()) {
      return Response.error(400, "Exception error: No row was found when one was required");
    }
    fleet.apply(
        node.get(),
        occurrence,
        h -> audit.record(h, request.caller().label(), name, id.get().value(), ""));
    return Response.ok(Map.of());
  }

  private static Optional<NodeId> id(Request request) {
    try {
      return Optional.of(NodeId.parse(request.parameter("id")));
    } catch (MalformedException e) {
      return Optional.empty();
    }
  }

  private static Response badId() {
    return Response.error(400, "agent_id not not valid");
  }
}
