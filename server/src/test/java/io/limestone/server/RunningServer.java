package io.limestone.server;

import io.limestone.server.pki.Pki;
import io.limestone.server.settings.Settings;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** A server of its own for a test, on free ports, with clients of every kind. */
public final class RunningServer implements AutoCloseable {
  private final Path home;
  private final Server server;
  private final Pki pki;

  private RunningServer(Path home, Server server) throws IOException {
    this.home = home;
    this.server = server;
    this.pki = Pki.load(home.resolve("pki"), List.of("cacert.crt"));
  }

  /** Starts in this folder, with settings in pairs of name and value. */
  public static RunningServer start(Path home, String... settings) throws IOException {
    return new RunningServer(home, Server.start(home, settings(settings)));
  }

  /** As {@link #start(Path, String...)}, with a clock of the test's. */
  public static RunningServer start(Path home, InstantSource clock, String... settings)
      throws IOException {
    return new RunningServer(home, Server.start(home, settings(settings), clock));
  }

  public static Settings settings(String... settings) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String port :
        List.of("registrar.port", "registrar.tls_port", "verifier.port", "management.port")) {
      texts.put(port, "0");
    }
    for (int i = 0; i < settings.length; i += 2) {
      texts.put(settings[i], settings[i + 1]);
    }
    return Settings.defaults().with(texts);
  }

  public Server server() {
    return server;
  }

  public Pki pki() {
    return pki;
  }

  public Path home() {
    return home;
  }

  public int port(String listener) {
    return Objects.requireNonNull(server.ports().get(listener), listener);
  }

  public URI plain(String path) {
    return URI.create("http://127.0.0.1:" + port("registrar") + path);
  }

  public URI tls(String listener, String path) {
    return URI.create("https://localhost:" + port(listener) + path);
  }

  /** A client with the administrator's certificate. */
  public HttpClient admin() {
    return client(pki.clientKey());
  }

  /** The same, for a server in another process. */
  public static HttpClient admin(Path home) throws IOException {
    Pki pki = Pki.load(home.resolve("pki"), List.of("cacert.crt"));
    return over(tlsContext(pki, pki.clientKey()));
  }

  public HttpClient anonymous() {
    return client(null);
  }

  /** A client that presents this key's certificate. */
  public HttpClient client(@Nullable KeyManager key) {
    return over(tlsContext(key));
  }

  private static HttpClient over(SSLContext tls) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(10))
        .sslContext(tls)
        .build();
  }

  /** TLS that trusts this server. */
  public SSLContext tlsContext(@Nullable KeyManager key) {
    return tlsContext(pki, key);
  }

  private static SSLContext tlsContext(Pki pki, @Nullable KeyManager key) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          key == null ? null : new KeyManager[] {key}, new TrustManager[] {pki.servers()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends a request; a body goes as JSON. */
  public static HttpResponse<String> send(
      HttpClient client, String method, URI uri, @Nullable JsonObject body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofMinutes(5))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    server.close();
  }
}
