package io.limestone.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.server.http.Access;
import io.limestone.server.http.Route;
import io.limestone.server.pki.CertificateAuthority.Purpose;
import io.limestone.server.pki.Pki;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import javax.net.ssl.KeyManager;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** T16, attack 33: every route that the server has, tried by everyone who should not. */
class EveryRouteTest {
  @TempDir Path home;
  @TempDir Path elsewhere;

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void everyRouteKeepsOutWhomItShould(String nativeTls) throws Exception {
    try (RunningServer server = RunningServer.start(home, "server.native_tls", nativeTls)) {
      assertThat(server.server().tables().get("registrar-tls")).hasSizeGreaterThan(8);
      try (HttpClient anonymous = server.anonymous();
          HttpClient admin = server.admin()) {
        each(server, (route, uri) -> withoutCertificate(anonymous, route, uri));
        each(server, (route, uri) -> withBadToken(admin, route, uri));
        each(server, (route, uri) -> asAdministrator(admin, route, uri));
      }
      for (KeyManager key : List.of(ofAnotherCa(), expired(server), aServersKey(server))) {
        try (HttpClient client = server.client(key)) {
          each(
              server,
              (route, uri) ->
                  assertThatThrownBy(() -> call(client, route, uri))
                      .as(route.toString())
                      .isInstanceOf(IOException.class));
        }
      }
    }
  }

  private static void withoutCertificate(HttpClient client, Route route, URI uri) {
    HttpResponse<String> answer = call(client, route, uri);
    if (route.access() == Access.PUBLIC) {
      assertThat(answer.statusCode()).as(route.toString()).isNotIn(401, 403, 500);
    } else {
      assertThat(answer.statusCode()).as(route.toString()).isEqualTo(403);
      assertThat(answer.body())
          .startsWith("{\"errors\":[{\"status\":\"403\",\"title\":\"Forbidden\",\"detail\":");
    }
  }

  /** The header turns the administrator's certificate off. */
  private static void withBadToken(HttpClient admin, Route route, URI uri) {
    for (String header : List.of("Bearer abc", "Basic YTpi", "", "bearer")) {
      HttpResponse<String> answer = call(admin, route, uri, "Authorization", header);
      assertThat(answer.statusCode()).as(route + " " + header).isEqualTo(401);
      assertThat(answer.body()).contains("\"status\":\"401\"");
    }
  }

  private static void asAdministrator(HttpClient admin, Route route, URI uri) {
    assertThat(call(admin, route, uri).statusCode())
        .as(route.toString())
        .isNotIn(401, 403, 405, 500, 501);
  }

  private static void each(RunningServer server, BiConsumer<Route, URI> attempt) {
    server
        .server()
        .tables()
        .forEach(
            (listener, routes) -> {
              if (server.server().isTls(listener)) {
                for (Route route : routes) {
                  String path =
                      route.path().replace("v{version}", "v2.6").replaceAll("\\{[a-z]+}", "nobody");
                  attempt.accept(route, server.tls(listener, path));
                }
              }
            });
  }

  private static HttpResponse<String> call(
      HttpClient client, Route route, URI uri, String... headers) {
    try {
      return RunningServer.send(
          client,
          route.method().name(),
          uri,
          route.method().name().startsWith("P") ? new JsonObject(Map.of()) : null,
          headers);
    } catch (IOException e) {
      throw sneaky(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> RuntimeException sneaky(Exception e) throws E {
    throw (E) e;
  }

  private KeyManager ofAnotherCa() throws IOException {
    Path folder = elsewhere.resolve("pki");
    if (!Files.exists(folder)) {
      Pki.create(folder, List.of(), InstantSource.system(), new SecureRandom());
    }
    return Pki.load(folder, List.of("cacert.crt")).clientKey();
  }

  private static KeyManager expired(RunningServer server) throws IOException {
    InstantSource longAgo = InstantSource.offset(InstantSource.system(), Duration.ofDays(-1000));
    return issued(server, Purpose.CLIENT, "expired", longAgo);
  }

  /** A server's certificate does not make an administrator. */
  private static KeyManager aServersKey(RunningServer server) throws IOException {
    return issued(server, Purpose.SERVER, "other-server", InstantSource.system());
  }

  private static KeyManager issued(
      RunningServer server, Purpose purpose, String name, InstantSource clock) throws IOException {
    Path folder = server.pki().folder();
    Pki.issue(folder, purpose, name, name, List.of("localhost"), clock, new SecureRandom());
    return Pki.key(folder, name);
  }
}
