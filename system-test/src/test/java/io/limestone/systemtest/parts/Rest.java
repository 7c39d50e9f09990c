package io.limestone.systemtest.parts;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A plain HTTP client for the servers' REST interfaces: what any script could say and would be
 * answered.
 */
public final class Rest implements AutoCloseable {
  private final HttpClient client;
  private final String base;
  private final Optional<String> authorization;

  private Rest(HttpClient client, String base) {
    this(client, base, Optional.empty());
  }

  private Rest(HttpClient client, String base, Optional<String> authorization) {
    this.client = client;
    this.base = base;
    this.authorization = authorization;
  }

  /** The same, with a token in each request. */
  public Rest bearing(String token) {
    return new Rest(client, base, Optional.of("Bearer " + token));
  }

  /** With the administrator's certificate of a CA folder. */
  public static Rest admin(Path caFolder, int port) throws IOException {
    return new Rest(
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(Credentials.tls(caFolder, "client"))
            .build(),
        "https://127.0.0.1:" + port);
  }

  /** TLS, no client certificate. */
  public static Rest anonymous(int port) throws IOException {
    return new Rest(
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(Credentials.anonymousTls())
            .build(),
        "https://127.0.0.1:" + port);
  }

  /** Plain HTTP. */
  public static Rest plain(int port) {
    return new Rest(
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build(),
        "http://127.0.0.1:" + port);
  }

  /** An answer. */
  public record Answer(int status, String body) {
    public JsonObject results() {
      return Json.object(body).object("results");
    }
  }

  public Answer get(String path) {
    return send("GET", path, "");
  }

  /** Sends a request with a JSON body, or none when it is empty. */
  public Answer send(String method, String path, String json) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(60));
    if (!json.isEmpty()) {
      request.header("Content-Type", "application/json");
    }
    authorization.ifPresent(value -> request.header("Authorization", value));
    request.method(
        method,
        json.isEmpty()
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(json));
    try {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.body());
    } catch (IOException e) {
      return new Answer(0, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Whether there is an answer to {@code GET /version}. */
  public boolean answers() {
    return get("/version").status() == 200;
  }

  @Override
  public void close() {
    client.close();
  }
}
