package io.limestone.keylime;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.Map;
import java.util.Optional;

/**
 * What every JSON answer of API 2.x is wrapped in: {@code code} (the HTTP status again), {@code
 * status} (a text) and {@code results}. An agent's answer to a delivery has {@code results} null,
 * which is absent here.
 */
public record Envelope(int code, String status, Optional<JsonObject> results) {

  public static Envelope ok(JsonObject results) {
    return new Envelope(200, "Success", Optional.of(results));
  }

  /** Success without content, as an agent says it: {@code results} is null. */
  public static Envelope done() {
    return new Envelope(200, "Success", Optional.empty());
  }

  /** Any status with empty results {@code {}}: errors, and servers' empty successes. */
  public static Envelope empty(int code, String status) {
    return new Envelope(code, status, Optional.of(new JsonObject(Map.of())));
  }

  /**
   * Reads an answer's body.
   *
   * @throws MalformedException if it is no such envelope
   */
  public static Envelope parse(byte[] body) {
    return of(Json.object(body));
  }

  /**
   * The envelope that an object is.
   *
   * @throws MalformedException if it is none
   */
  public static Envelope of(JsonObject json) {
    long code = json.integer("code");
    if (code < 100 || code > 999) {
      throw new MalformedException("code is not an HTTP status");
    }
    return new Envelope((int) code, json.string("status"), json.optionalObject("results"));
  }

  /** The results, where an answer must have some. */
  public JsonObject content() {
    return results.orElseThrow(() -> new MalformedException("results is missing"));
  }

  public JsonObject toJson() {
    return Fields.object()
        .put("code", (long) code)
        .put("status", status)
        .put("results", results.orElse(null))
        .json();
  }

  public byte[] bytes() {
    return Json.bytes(toJson());
  }
}
