package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a real HTTP server may answer with: it is the file, or a clear error. */
class RemoteRepositoryTest {
  private static final Duration PATIENCE = Duration.ofMillis(400);

  @TempDir Path folder;
  private FolderServer server;
  private Repository repository;

  @BeforeEach
  void server() throws IOException {
    byte[] content = new byte[100_000];
    Arrays.fill(content, (byte) 'x');
    content[50_000] = 'y';
    Files.write(folder.resolve("file"), content);
    server = new FolderServer(folder);
    repository = new Repository.Remote(URI.create(server.address()), PATIENCE);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private byte[] all(String href) throws IOException, InterruptedException {
    try (InputStream in = repository.open(href)) {
      return in.readAllBytes();
    }
  }

  private static void fails(ThrowingCallable what, String... says) {
    assertThatThrownBy(what).isInstanceOf(IOException.class).hasMessageContainingAll(says);
  }

  private static void redirect(HttpExchange exchange, String to) throws IOException {
    exchange.getResponseHeaders().set("Location", to);
    exchange.sendResponseHeaders(302, -1);
  }

  @Test
  void filesAndPartsOfThem() throws Exception {
    assertThat(all("file")).hasSize(100_000);
    assertThat(repository.range("file", 50_000, 50_002)).containsExactly('y', 'x');
    assertThat(repository.range("file", 99_999, 200_000)).hasSize(1);
    server.answers(
        "norange", exchange -> send(exchange, Files.readAllBytes(folder.resolve("file"))));
    assertThat(repository.range("norange", 50_000, 50_002)).containsExactly('y', 'x');
    server.answers(
        "wrong",
        exchange -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 0-1/9");
          exchange.sendResponseHeaders(206, 2);
          exchange.getResponseBody().write("xx".getBytes(StandardCharsets.US_ASCII));
        });
    fails(() -> repository.range("wrong", 5, 7), "/wrong", "another part");
  }

  private static void send(HttpExchange exchange, byte[] content) throws IOException {
    exchange.sendResponseHeaders(200, content.length);
    exchange.getResponseBody().write(content);
  }

  @Test
  void redirectsAreFollowedAndEndSomewhere() throws Exception {
    server.answers("moved", exchange -> redirect(exchange, "/file"));
    assertThat(all("moved")).hasSize(100_000);
    assertThat(repository.range("moved", 50_000, 50_001)).containsExactly('y');
    server.answers("round", exchange -> redirect(exchange, "/round"));
    fails(() -> all("round"), "/round", "HTTP 302");
    server.answers("local", exchange -> redirect(exchange, "file:///etc/passwd"));
    assertThatThrownBy(() -> all("local")).isInstanceOf(IOException.class);
  }

  @Test
  void whatIsNotThereOrForbiddenIsToldWithItsAddress() throws Exception {
    fails(() -> all("missing"), server.address() + "missing", "HTTP 404");
    assertThat(repository.small("missing")).isEmpty();
    server.answers("no", exchange -> exchange.sendResponseHeaders(403, -1));
    fails(() -> repository.small("no"), "/no", "HTTP 403");
  }

  @Test
  void aServerInTroubleIsAskedAgain() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    server.answers(
        "busy",
        exchange -> {
          if (asked.incrementAndGet() < 3) {
            exchange.sendResponseHeaders(503, -1);
          } else {
            send(exchange, new byte[3]);
          }
        });
    assertThat(all("busy")).hasSize(3);
    server.answers("down", exchange -> exchange.sendResponseHeaders(503, -1));
    fails(() -> all("down"), "HTTP 503");
  }

  @Test
  void anAnswerCutShortIsAnError() {
    server.answers(
        "short",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(new byte[10]);
          exchange.getResponseBody().flush();
        });
    assertThatThrownBy(() -> all("short")).isInstanceOf(IOException.class);
  }

  @Test
  void aConnectionThatStandsStillOrCrawlsIsGivenUp() {
    server.answers("still", exchange -> drip(exchange, Duration.ofMinutes(1)));
    fails(() -> all("still"), "/still", "given up");
    server.answers("crawls", exchange -> drip(exchange, Duration.ofMillis(20)));
    fails(() -> all("crawls"), "/crawls", "given up");
    server.answers(
        "mute",
        exchange -> {
          try {
            Thread.sleep(Duration.ofMinutes(1));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    fails(() -> all("mute"), server.address());
  }

  private static void drip(HttpExchange exchange, Duration pause) throws IOException {
    exchange.sendResponseHeaders(200, 1_000_000);
    OutputStream out = exchange.getResponseBody();
    try {
      while (true) {
        out.write('x');
        out.flush();
        Thread.sleep(pause);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The reader's own pauses are not the server's. */
  @Test
  void aSlowReaderIsNotASlowServer() throws Exception {
    try (InputStream in = repository.open("file")) {
      assertThat(in.readNBytes(10)).hasSize(10);
      Thread.sleep(PATIENCE.multipliedBy(3));
      assertThat(in.readAllBytes()).hasSize(99_990);
    }
  }

  @Test
  void endlessFilesAreBounded() {
    server.answers(
        "endless",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] chunk = new byte[1 << 16];
          while (true) {
            exchange.getResponseBody().write(chunk);
          }
        });
    assertThatThrownBy(() -> repository.small("endless"))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("longer than");
  }

  @Test
  void noServerAtAll() {
    server.close();
    fails(() -> all("file"), server.address());
  }
}
