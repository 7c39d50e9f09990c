package io.limestone.server.http;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;

/** A request as a handler sees it: routed, its caller known, its body complete. */
public final class Request {
  private final Method method;
  private final String path;
  private final Map<String, String> parameters;
  private final Map<String, String> query;
  private final Map<String, String> headers;
  private final LongBytes body;
  private final Caller caller;
  private final InetAddress peer;

  /**
   * @param parameters the path's {@code {name}} segments, verbatim (not percent-decoded)
   * @param query decoded; blank values are absent; of a repeated name the last one counts
   * @param headers names in lower case
   * @param body owned by the request from here on
   */
  public Request(
      Method method,
      String path,
      Map<String, String> parameters,
      Map<String, String> query,
      Map<String, String> headers,
      LongBytes body,
      Caller caller,
      InetAddress peer) {
    this.method = method;
    this.path = path;
    this.parameters = Map.copyOf(parameters);
    this.query = Map.copyOf(query);
    this.headers = Map.copyOf(headers);
    this.body = body;
    this.caller = caller;
    this.peer = peer;
  }

  public Method method() {
    return method;
  }

  public String path() {
    return path;
  }

  /** The segment that {@code {name}} of the route's path took. */
  public String parameter(String name) {
    String value = parameters.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the route has no {" + name + "}");
    }
    return value;
  }

  public Optional<String> query(String name) {
    return Optional.ofNullable(query.get(name));
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name.toLowerCase(java.util.Locale.ROOT)));
  }

  /** As it came; whoever writes over it is the last to read it. */
  public LongBytes body() {
    return body;
  }

  public boolean hasBody() {
    return !body.isEmpty();
  }

  /**
   * The body as a JSON object, whatever Content-Type says.
   *
   * @throws MalformedException if it is not one
   */
  public JsonObject json() {
    return Json.object(body.toArray());
  }

  public Caller caller() {
    return caller;
  }

  /** The client's address; a proxy's, where one stands between. */
  public InetAddress peer() {
    return peer;
  }
}
