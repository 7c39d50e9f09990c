package io.limestone.agent;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.Versions;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The agent's REST interface 2.1 to 2.6 (pull-protocol.md section 3), with the error answers that
 * peers rely on (section 3.9). Runs on a virtual thread per request; who may speak to it is decided
 * by TLS.
 */
final class AgentApi implements HttpHandler {
  private static final int MAX_BODY = 2_097_152;
  private static final int DRAINED = 2 * MAX_BODY;
  private static final int MAX_QUERY = 8192;
  private static final int BUFFERED = 64 * 1024;
  private static final ApiVersion WITH_INFO = new ApiVersion(2, 2);

  private final List<ApiVersion> versions;
  private final Resources resources;

  AgentApi(List<ApiVersion> versions, Resources resources) {
    this.versions = versions;
    this.resources = resources;
  }

  /** What stands behind the paths. */
  interface Resources {
    JsonObject info(ApiVersion version);

    JsonObject publicKey();

    void takeU(JsonObject body);

    void takeV(JsonObject body);

    /** The answer to {@code keys/verify}, once there is a key. */
    Optional<JsonObject> proof(String challenge);

    QuoteAnswer identity(ApiVersion version, Map<String, String> query) throws IOException;

    QuoteAnswer integrity(ApiVersion version, Map<String, String> query) throws IOException;

    void takeNotice(JsonObject body);
  }

  /** One answer, sent by itself. */
  private interface Reply {
    void send(HttpExchange exchange) throws IOException;
  }

  /** A request that has another answer than its resource's. */
  private static final class ReplyException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;

    ReplyException(int status, String text) {
      super(text);
      this.status = status;
    }
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      reply(exchange).send(exchange);
    }
  }

  private Reply reply(HttpExchange exchange) {
    try {
      return route(exchange);
    } catch (ReplyException e) {
      return envelope(Envelope.empty(e.status, String.valueOf(e.getMessage())));
    } catch (MalformedException e) {
      return envelope(Envelope.empty(400, String.valueOf(e.getMessage())));
    } catch (IOException | RuntimeException e) {
      Log.error("request failed", "path", exchange.getRequestURI(), "reason", e);
      return envelope(Envelope.empty(500, "Internal error"));
    }
  }

  private Reply route(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    String method = exchange.getRequestMethod();
    if (path.equals("/version")) {
      return method.equals("GET") ? ok(Versions.ofAgent(versions).toAgentJson()) : empty(405);
    }
    String[] segments = path.split("/", -1);
    Optional<ApiVersion> named =
        segments.length > 2 && segments[1].startsWith("v")
            ? ApiVersion.find(segments[1].substring(1))
            : Optional.empty();
    if (named.isEmpty()) {
      String known =
          versions.stream().map(version -> "/" + version).collect(Collectors.joining(", "));
      return unknown(method, "Not Implemented: Use " + known + " or /version interfaces");
    }
    ApiVersion version = named.get();
    if (!versions.contains(version)) {
      return envelope(Envelope.empty(400, "API version not supported: " + segments[1]));
    }
    return resource(exchange, version, path.substring(segments[1].length() + 2), method);
  }

  private Reply resource(HttpExchange exchange, ApiVersion version, String name, String method)
      throws IOException {
    if (name.equals("agent/info") && version.compareTo(WITH_INFO) < 0) {
      return unknown(method, "agent/info is served from API version 2.2 on");
    }
    String expected =
        switch (name) {
          case "agent/info", "keys/pubkey", "keys/verify", "quotes/identity", "quotes/integrity" ->
              "GET";
          case "keys/ukey", "keys/vkey", "notifications/revocation" -> "POST";
          default -> "";
        };
    if (expected.isEmpty()) {
      return unknown(
          method,
          "URI not supported, only /agent/info, /keys/{pubkey,ukey,vkey,verify},"
              + " /quotes/{identity,integrity} and /notifications/revocation are supported");
    }
    if (!method.equals(expected)) {
      return empty(405);
    }
    return switch (name) {
      case "agent/info" -> ok(resources.info(version));
      case "keys/pubkey" -> ok(resources.publicKey());
      case "keys/verify" -> verify(query(exchange));
      case "quotes/identity" -> quote(() -> resources.identity(version, query(exchange)));
      case "quotes/integrity" -> quote(() -> resources.integrity(version, query(exchange)));
      case "keys/ukey" -> done(() -> resources.takeU(body(exchange)));
      case "keys/vkey" -> done(() -> resources.takeV(body(exchange)));
      default -> done(() -> resources.takeNotice(body(exchange)));
    };
  }

  private Reply verify(Map<String, String> query) {
    String challenge = query.get("challenge");
    if (challenge == null) {
      throw new ReplyException(400, "Query deserialize error: missing field `challenge`");
    }
    if (challenge.isEmpty()) {
      throw new ReplyException(400, "No challenge provided.");
    }
    if (!challenge.codePoints().allMatch(Character::isLetterOrDigit)) {
      throw new ReplyException(400, "Parameters should be strictly alphanumeric");
    }
    return resources
        .proof(challenge)
        .map(AgentApi::ok)
        .orElseThrow(() -> new ReplyException(400, "Bootstrap key not yet available."));
  }

  private interface Quoting {
    QuoteAnswer quote() throws IOException;
  }

  private static Reply quote(Quoting quoting) {
    QuoteAnswer answer;
    try {
      answer = quoting.quote();
    } catch (IOException e) {
      Log.error("quote failed", "reason", e.getMessage());
      return envelope(Envelope.empty(500, "Unable to retrieve quote"));
    }
    return exchange -> {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      if (answer.size() <= BUFFERED) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(8192);
        answer.write(body);
        exchange.sendResponseHeaders(200, body.size());
        body.writeTo(exchange.getResponseBody());
      } else {
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = new BufferedOutputStream(exchange.getResponseBody(), 16 * 1024)) {
          answer.write(out);
        }
      }
    };
  }

  private interface Taking {
    void take() throws IOException;
  }

  private static Reply done(Taking taking) throws IOException {
    taking.take();
    return envelope(Envelope.done());
  }

  /** The answer for a path that is none of ours: GET and POST are told so, others not allowed. */
  private static Reply unknown(String method, String text) {
    if (method.equals("GET") || method.equals("POST")) {
      return envelope(Envelope.empty(400, text));
    }
    return exchange -> {
      exchange.getResponseHeaders().set("Allow", "GET, POST");
      envelope(Envelope.empty(405, "Method is not supported in this interface")).send(exchange);
    };
  }

  private static Reply ok(JsonObject results) {
    return envelope(Envelope.ok(results));
  }

  private static Reply envelope(Envelope envelope) {
    return exchange -> {
      byte[] body = envelope.bytes();
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(envelope.code(), body.length);
      exchange.getResponseBody().write(body);
    };
  }

  private static Reply empty(int status) {
    return exchange -> exchange.sendResponseHeaders(status, -1);
  }

  private static Map<String, String> query(HttpExchange exchange) {
    String raw = exchange.getRequestURI().getRawQuery();
    Map<String, String> query = new LinkedHashMap<>();
    if (raw == null || raw.isEmpty()) {
      return query;
    }
    if (raw.length() > MAX_QUERY) {
      throw new ReplyException(400, "Query deserialize error: longer than " + MAX_QUERY);
    }
    for (String pair : raw.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      if (query.put(name, value) != null) {
        throw new ReplyException(400, "Query deserialize error: duplicate field");
      }
    }
    return query;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new MalformedException("Query deserialize error: bad percent encoding", e);
    }
  }

  private static JsonObject body(HttpExchange exchange) throws IOException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    String bare = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!bare.equals("application/json")) {
      throw new ReplyException(400, "Content type error");
    }
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    if (body.length > MAX_BODY) {
      // Read on a little, so that the answer is not lost in a connection reset.
      exchange.getRequestBody().skip(DRAINED);
      throw new ReplyException(
          400, "JSON payload is larger than allowed (limit: " + MAX_BODY + " bytes).");
    }
    try {
      return Json.object(body);
    } catch (MalformedException e) {
      throw new MalformedException("Json deserialize error: " + e.getMessage(), e);
    }
  }
}
