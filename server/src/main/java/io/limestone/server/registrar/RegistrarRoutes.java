package io.limestone.server.registrar;

import io.limestone.keylime.Activation;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.keylime.Versions;
import io.limestone.server.http.Access;
import io.limestone.server.http.Method;
import io.limestone.server.http.Request;
import io.limestone.server.http.Response;
import io.limestone.server.http.Route;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The registrar's REST interface, API 2.x (pull-protocol.md section 2.1). As on Keylime's registrar
 * a body counts only if its Content-Type says JSON: what a browser can be made to post without
 * asking is not a registration.
 */
record RegistrarRoutes(Registrar registrar, RegistrationTable table) {
  private static final Pattern JSON =
      Pattern.compile("application/([A-Za-z.-]+\\+)?json", Pattern.CASE_INSENSITIVE);
  private static final String AGENTS = "/v{version}/agents";
  private static final String AGENT = AGENTS + "/{id}";

  List<Route> all() {
    return List.of(
        Route.open(Method.GET, "/version", r -> Response.ok(Versions.ofServer().toServerJson())),
        Route.open(Method.POST, AGENTS, this::registerUnnamed),
        Route.open(Method.POST, AGENT, this::register),
        Route.open(Method.PUT, AGENT, this::activate),
        Route.open(Method.PUT, AGENT + "/activate", this::activate),
        Route.open(Method.POST, AGENT + "/activate", this::activate),
        Route.of(Method.GET, AGENTS, Access.ADMIN, r -> Response.ok(Map.of("uuids", table.ids()))),
        Route.of(Method.GET, AGENT, Access.ADMIN, this::show),
        Route.of(Method.DELETE, AGENT, Access.ADMIN, this::delete));
  }

  private Response registerUnnamed(Request request) throws IOException {
    JsonObject body = body(request);
    return register(NodeId.parse(body.string("agent_id")), body, request);
  }

  private Response register(Request request) throws IOException {
    return register(id(request), body(request), request);
  }

  private Response register(NodeId id, JsonObject body, Request request) throws IOException {
    Registration sent;
    try {
      sent = Registration.fromJson(body);
    } catch (MalformedException e) {
      return refused(IdentityRules.invalid(String.valueOf(e.getMessage())));
    }
    boolean erases = body.has("ekcert") && sent.ekChain().isEmpty();
    try {
      Bytes blob = registrar.register(id, sent, erases, request.peer());
      return Response.ok(Map.of("blob", blob.base64()));
    } catch (Refusal e) {
      return refused(e);
    }
  }

  private Response activate(Request request) {
    NodeId id = id(request);
    JsonObject body = body(request);
    if (!body.has("auth_tag")) {
      return Response.empty(400);
    }
    try {
      registrar.activate(id, Activation.fromJson(body).authTag());
      return Response.ok(Map.of());
    } catch (Refusal e) {
      return refused(e);
    }
  }

  private Response show(Request request) {
    NodeId id = id(request);
    Optional<RegisteredNode> node = table.active(id.value());
    if (node.isPresent()) {
      return Response.ok(json(node.get()));
    }
    return registrar.hasCandidate(id)
        ? Response.error(404, "Agent with ID '" + id + "' has not been activated")
        : notFound(id);
  }

  private Response delete(Request request) {
    NodeId id = id(request);
    return registrar.delete(id, request.caller()) ? Response.ok(Map.of()) : notFound(id);
  }

  /** Keylime's members, and ours: whether the EK certificate led to a root, the record's digest. */
  private static Map<String, @Nullable Object> json(RegisteredNode node) {
    Identity identity = node.identity();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("agent_id", node.id());
    json.put("ek_tpm", identity.ekTpm().base64());
    json.put("ekcert", identity.ekCert().map(Bytes::base64).orElse(null));
    json.put("aik_tpm", identity.aikTpm().base64());
    json.put("mtls_cert", node.contact().mtlsCert().orElse(null));
    json.put("ip", node.contact().ip().orElse(null));
    json.put("port", node.contact().port().orElse(null));
    json.put("regcount", node.regcount());
    if (identity.ekChain().size() > 1) {
      json.put("ek_issuers", identity.ekChain().stream().skip(1).map(Bytes::base64).toList());
    }
    json.put("endorsed", node.endorsement().trusted());
    json.put("endorsement", node.endorsement().reason());
    json.put("record_digest", node.digest().hex());
    return json;
  }

  private static NodeId id(Request request) {
    return NodeId.parse(request.parameter("id"));
  }

  private static JsonObject body(Request request) {
    String type = request.header("content-type").orElse("").split(";", 2)[0].strip();
    return JSON.matcher(type).matches() && request.hasBody()
        ? request.json()
        : new JsonObject(Map.of());
  }

  private static Response notFound(NodeId id) {
    return Response.error(404, "Agent with ID '" + id + "' not found");
  }

  private static Response refused(Refusal refusal) {
    return Response.error(refusal.status(), String.valueOf(refusal.getMessage()));
  }
}
