package io.limestone.server.http;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An answer. The envelope's form is Keylime's: code, status, results. */
public record Response(int status, Map<String, String> headers, Bytes body) {
  private static final String JSON = "application/json";

  public Response {
    headers = Map.copyOf(headers);
  }

  /** 200 with {@code results} in the envelope: a map, a JsonObject, a list or null. */
  public static Response ok(@Nullable Object results) {
    return envelope(200, "Success", results);
  }

  /** An error with empty results in the envelope. */
  public static Response error(int status, String text) {
    return envelope(status, text, Map.of());
  }

  public static Response envelope(int status, String text, @Nullable Object results) {
    Map<String, @Nullable Object> envelope = new LinkedHashMap<>();
    envelope.put("code", status);
    envelope.put("status", text);
    envelope.put("results", results);
    return json(status, envelope);
  }

  /** Any JSON document. */
  public static Response json(int status, @Nullable Object document) {
    return new Response(status, Map.of("Content-Type", JSON), Bytes.of(Json.bytes(document)));
  }

  /** No body, as the routers of Keylime's servers answer; 204 too. */
  public static Response empty(int status) {
    return new Response(
        status, status == 204 ? Map.of("Content-Type", JSON) : Map.of(), Bytes.EMPTY);
  }

  public static Response text(int status, String contentType, String text) {
    return new Response(
        status,
        Map.of("Content-Type", contentType),
        Bytes.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Not allowed, 401 or 403: a body of its own, not the envelope (verifier-api.md section 1.2). */
  public static Response denied(int status, String detail) {
    String title = status == 401 ? "Unauthorized" : "Forbidden";
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("status", String.valueOf(status));
    error.put("title", title);
    error.put("detail", detail);
    return new Response(
        status,
        Map.of("Content-Type", JSON + "; charset=UTF-8"),
        Bytes.of(Json.bytes(Map.of("errors", List.of(error)))));
  }
}
