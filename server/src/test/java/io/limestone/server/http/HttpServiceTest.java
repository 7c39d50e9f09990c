package io.limestone.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.wire.MalformedException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpServiceTest {
  /** Only a failure waits so long. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Limits LIMITS = limits(Duration.ofSeconds(20));

  /** For the tests that wait for a deadline to pass. */
  private static final Limits IMPATIENT = limits(Duration.ofMillis(1500));

  private static Limits limits(Duration deadline) {
    return new Limits(
        2048, 10_000, 50_000, deadline, deadline, deadline, Duration.ofSeconds(20), 50, 60, 40);
  }

  private final HttpService http = new HttpService(InstantSource.system());
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final CountDownLatch interrupted = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private int port;

  @AfterEach
  void stop() {
    release.countDown();
    http.close();
  }

  private void start(Limits limits) throws Exception {
    port =
        http.listen(
            new Listener("test", "127.0.0.1", 0, Optional.empty(), limits),
            List.of(
                Route.open(
                    Method.GET, "/ok", r -> Response.ok(Map.of("q", r.query("q").orElse("")))),
                Route.open(Method.POST, "/echo", r -> Response.ok(r.json().string("a"))),
                Route.open(
                    Method.GET,
                    "/slow",
                    r -> {
                      try {
                        release.await();
                      } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                      }
                      return Response.ok(null);
                    }),
                Route.open(
                    Method.GET,
                    "/defect",
                    r -> {
                      throw new IllegalStateException("secret detail");
                    }),
                Route.open(
                    Method.GET,
                    "/malformed",
                    r -> {
                      throw new MalformedException("bad\r\nthing");
                    }),
                Route.of(Method.GET, "/tls-only", Access.PUBLIC, r -> Response.ok(null))));
  }

  private RawClient raw() throws Exception {
    return RawClient.to(port);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> post(byte[] body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/echo"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void answersWithoutARouteHaveNoBody() throws Exception {
    start(LIMITS);
    assertThat(raw().send("GET /nothing HTTP/1.0\r\n\r\n").readAll())
        .startsWith("HTTP/1.1 404 ")
        .endsWith("\r\n\r\n");
    assertThat(raw().send("PUT /ok HTTP/1.0\r\n\r\n").readAll()).startsWith("HTTP/1.1 405 ");
    assertThat(raw().send("HEAD /ok HTTP/1.0\r\n\r\n").readAll()).startsWith("HTTP/1.1 405 ");
    assertThat(raw().send("BREW /ok HTTP/1.0\r\n\r\n").readAll()).startsWith("HTTP/1.1 501 ");
    assertThat(raw().send("GET /tls-only HTTP/1.0\r\n\r\n").readAll())
        .startsWith("HTTP/1.1 400 ")
        .endsWith("\r\n\r\n");
  }

  @Test
  void aDefectIs500WithoutItsDetailAndMalformedInputIs400() throws Exception {
    start(LIMITS);
    assertThat(get("/defect").statusCode()).isEqualTo(500);
    assertThat(get("/defect").body()).isEmpty();
    assertThat(get("/malformed").statusCode()).isEqualTo(400);
    assertThat(get("/malformed").body()).contains("bad\\\\u000d\\\\u000athing");
  }

  @Test
  void hostileBodiesAre4xxNever500() throws Exception {
    start(LIMITS);
    List<byte[]> bodies = new ArrayList<>();
    for (String text :
        List.of(
            "",
            "{",
            "[]",
            "{\"a\":1}",
            "{\"a\":\"x\",\"a\":\"y\"}",
            "{\"a\":NaN}",
            "{\"a\":\"x\"} x",
            "[".repeat(5000),
            "{\"a\":".repeat(200) + "1" + "}".repeat(200),
            "{\"a\":" + "9".repeat(5000) + "}",
            "null")) {
      bodies.add(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    bodies.add(new byte[] {'{', '"', 'a', '"', ':', '"', (byte) 0xff, '"', '}'});
    bodies.add(new byte[5000]);
    for (byte[] body : bodies) {
      assertThat(post(body).statusCode())
          .as(
              new String(
                  body, 0, Math.min(40, body.length), java.nio.charset.StandardCharsets.ISO_8859_1))
          .isEqualTo(400);
    }
    assertThat(raw().send("GET /ok?q=%zz HTTP/1.0\r\n\r\n").readAll()).startsWith("HTTP/1.1 400 ");
  }

  @Test
  void t12ASlowHeadIsCutOff() throws Exception {
    start(IMPATIENT);
    try (RawClient slow = raw()) {
      long start = System.nanoTime();
      slow.send("GET /ok HTTP/1.1\r\nX: ");
      Thread dripping =
          Thread.startVirtualThread(
              () -> {
                try {
                  while (true) {
                    slow.send("a");
                    Thread.sleep(50);
                  }
                } catch (Exception e) {
                  // The server has closed: the end of the drip.
                }
              });
      assertThat(slow.readAll()).isEmpty();
      assertThat(System.nanoTime() - start).isLessThan(PATIENCE.toNanos());
      dripping.interrupt();
    }
    assertThat(get("/ok").statusCode()).isEqualTo(200);
  }

  @Test
  void t12ASlowBodyIsCutOffWith408() throws Exception {
    start(IMPATIENT);
    try (RawClient slow = raw()) {
      slow.send("POST /echo HTTP/1.1\r\nContent-Length: 100\r\n\r\n{");
      assertThat(slow.readAll()).startsWith("HTTP/1.1 408 ");
    }
  }

  @Test
  void t12AnIdleConnectionIsClosed() throws Exception {
    start(IMPATIENT);
    try (RawClient idle = raw()) {
      assertThat(idle.readAll()).isEmpty();
    }
    try (RawClient kept = raw()) {
      kept.send("GET /ok HTTP/1.1\r\n\r\n");
      assertThat(kept.readAll()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void t12ConnectionsOfOneAddressAreBounded() throws Exception {
    start(
        new Limits(
            2048,
            10_000,
            50_000,
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            50,
            1000,
            10));
    List<RawClient> open = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      open.add(raw().send("GET /ok HTTP/1.1\r\n\r\n"));
      assertThat(open.getLast().statusLine()).startsWith("HTTP/1.1 200");
    }
    try (RawClient oneMore = raw()) {
      assertThat(oneMore.readAll()).isEmpty();
    }
    open.getFirst().close();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try (RawClient again = raw()) {
                return again.send("GET /ok HTTP/1.0\r\n\r\n").readAll().startsWith("HTTP/1.1 200");
              } catch (java.net.SocketException refused) {
                return false;
              }
            });
    for (RawClient client : open) {
      client.close();
    }
  }

  @Test
  void tooLargeBodiesAre413AndOtherConnectionsUnaffected() throws Exception {
    start(LIMITS);
    assertThat(raw().send("POST /echo HTTP/1.1\r\nContent-Length: 10001\r\n\r\n").readAll())
        .startsWith("HTTP/1.1 413 ");
    try (RawClient chunked = raw()) {
      chunked.send("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 11; i++) {
        chunked.send("3e8\r\n" + "x".repeat(1000) + "\r\n");
      }
      assertThat(chunked.readAll()).startsWith("HTTP/1.1 413 ");
    }
    assertThat(get("/ok").statusCode()).isEqualTo(200);
  }

  @Test
  void tooLongHeadsAre4xx() throws Exception {
    start(LIMITS);
    assertThat(raw().send("GET /" + "x".repeat(3000) + " HTTP/1.1\r\n\r\n").readAll())
        .startsWith("HTTP/1.1 414 ");
    assertThat(raw().send("GET /ok HTTP/1.1\r\nX: " + "x".repeat(3000) + "\r\n\r\n").readAll())
        .startsWith("HTTP/1.1 431 ");
  }

  @Test
  void attack39AmbiguousFramingIsRefused() throws Exception {
    start(LIMITS);
    for (String head :
        List.of(
            "Transfer-Encoding: chunked\r\nContent-Length: 3",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Content-Length: 3\r\nContent-Length: 4",
            "Content-Length: -1",
            "Content-Length: 1x")) {
      assertThat(raw().send("POST /echo HTTP/1.1\r\n" + head + "\r\n\r\n0\r\n\r\n").readAll())
          .as(head)
          .startsWith("HTTP/1.1 400 ")
          .doesNotContain("HTTP/1.1 200");
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    start(LIMITS);
    try (RawClient ahead = raw()) {
      ahead.send(
          IntStream.range(0, 40)
                  .mapToObj(i -> "GET /ok?q=" + i + " HTTP/1.1\r\n\r\n")
                  .reduce("", String::concat)
              + "GET /ok?q=last HTTP/1.1\r\nConnection: close\r\n\r\n");
      String all = ahead.readAll();
      int at = 0;
      for (int i = 0; i < 40; i++) {
        at = all.indexOf("{\"q\":\"" + i + "\"}", at);
        assertThat(at).as("answer " + i).isPositive();
      }
      assertThat(all.indexOf("\"last\"", at)).isPositive();
    }
  }

  @Test
  void aHandlerPastItsDeadlineIsInterruptedAndAnswered503() throws Exception {
    start(
        new Limits(
            2048,
            10_000,
            50_000,
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofMillis(200),
            50,
            60,
            40));
    assertThat(get("/slow").statusCode()).isEqualTo(503);
    assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
    Awaitility.await().atMost(PATIENCE).until(() -> http.desks().getFirst().busy() == 0);
  }

  @Test
  void aClientThatGoesAwayInterruptsItsHandler() throws Exception {
    start(LIMITS);
    RawClient gone = raw().send("GET /slow HTTP/1.1\r\n\r\n");
    Awaitility.await().atMost(PATIENCE).until(() -> http.desks().getFirst().busy() == 1);
    gone.close();
    assertThat(interrupted.await(60, TimeUnit.SECONDS)).isTrue();
    Awaitility.await().atMost(PATIENCE).until(() -> http.desks().getFirst().busy() == 0);
  }

  @Test
  void moreRequestsThanPermitsAre503AndTheRestGoesOn() throws Exception {
    start(
        new Limits(
            2048,
            10_000,
            50_000,
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            Duration.ofSeconds(20),
            3,
            60,
            40));
    List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(
          client.sendAsync(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/slow")).build(),
              HttpResponse.BodyHandlers.ofString()));
    }
    Awaitility.await().atMost(PATIENCE).until(() -> http.desks().getFirst().busy() == 3);
    assertThat(get("/ok").statusCode()).isEqualTo(503);
    release.countDown();
    for (var answer : waiting) {
      assertThat(answer.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }
    assertThat(get("/ok").statusCode()).isEqualTo(200);
  }

  @Test
  void bodiesThatWaitInMemoryAreBoundedTogether() throws Exception {
    start(IMPATIENT);
    List<RawClient> holding = new ArrayList<>();
    String part = "x".repeat(9_000);
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      holding.add(raw().send("POST /echo HTTP/1.1\r\nContent-Length: 9500\r\n\r\n" + part));
    }
    for (RawClient client : holding) {
      answers.add(client.readAll().split("\r\n", 2)[0]);
      client.close();
    }
    assertThat(answers).anyMatch(a -> a.contains(" 503 ")).anyMatch(a -> a.contains(" 408 "));
    assertThat(post("{\"a\":\"x\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8)).statusCode())
        .isEqualTo(200);
  }
}
