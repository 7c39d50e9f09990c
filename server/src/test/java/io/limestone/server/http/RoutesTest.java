package io.limestone.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoutesTest {
  private static final Handler NONE = request -> Response.empty(200);
  private static final Routes ROUTES =
      new Routes(
          List.of(
              Route.open(Method.GET, "/", NONE),
              Route.open(Method.GET, "/version", NONE),
              Route.open(Method.GET, "/v{version}/agents", NONE),
              Route.open(Method.GET, "/v{version}/agents/{id}", NONE),
              Route.open(Method.PUT, "/v{version}/agents/{id}/stop", NONE)));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/version",
        "/version/",
        "/v2/agents",
        "/v2.0/agents/",
        "/v2.6/agents/x",
        "/v2.6/agents/x/"
      })
  void theseAreFound(String path) {
    assertThat(ROUTES.match("GET", path)).isInstanceOf(Routes.Match.Found.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/version//",
        "/v1.0/agents",
        "/v2.7/agents",
        "/v2.9/agents/x",
        "/v3/agents",
        "/v2.06/agents",
        "/V2.6/agents",
        "/v2.6/Agents",
        "/v2.6//x",
        "/v2.6/agents//",
        "/v2.6/agents/a/b",
        "/v2.6/agents/../agents"
      })
  void theseAreNot(String path) {
    assertThat(ROUTES.match("GET", path)).isInstanceOf(Routes.Match.Nothing.class);
  }

  @Test
  void segmentsAreTakenVerbatim() {
    assertThat(ROUTES.match("GET", "/v2.6/agents/a%20b"))
        .isInstanceOfSatisfying(
            Routes.Match.Found.class,
            found ->
                assertThat(found.parameters())
                    .containsEntry("id", "a%20b")
                    .containsEntry("version", "2.6"));
  }

  @Test
  void aKnownPathWithAnotherMethodIsToldApart() {
    assertThat(ROUTES.match("DELETE", "/v2.6/agents/x"))
        .isInstanceOf(Routes.Match.OtherMethod.class);
    assertThat(ROUTES.match("GET", "/v2.6/agents/x/stop"))
        .isInstanceOf(Routes.Match.OtherMethod.class);
  }
}
