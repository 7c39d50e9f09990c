package io.limestone.server.verifier;

import io.limestone.keylime.AgentTls;
import io.limestone.wire.Encoding;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Asks agents, thousands of them over kept connections. Each is pinned to its enrolled certificate
 * ({@link Pins}); our client certificate goes to that peer only; redirects are answers, never
 * followed; size and time of an answer are bounded. Blocking: for virtual threads.
 */
final class AgentClient implements AutoCloseable {
  /** Connections being made at once: a burst of handshakes starves itself (design.md §7). */
  private static final int HANDSHAKES = 256;

  /** As many again for peers that did not answer last time, so that they delay no other. */
  private static final int SUSPECTS = 64;

  private final Vertx vertx;
  private final HttpClient client;
  private final Pins pins = new Pins();
  private final Semaphore handshakes = new Semaphore(HANDSHAKES);
  private final Semaphore suspects = new Semaphore(SUSPECTS);

  private final AnswerMemory memory = new AnswerMemory(Runtime.getRuntime().maxMemory());

  /**
   * A client that shows {@code key} to its peers.
   *
   * @param nativeTls TLS by BoringSSL where its library loads
   * @param keepAlive how long an idle connection is kept: longer than the interval of polling
   */
  AgentClient(X509ExtendedKeyManager key, boolean nativeTls, Duration keepAlive) {
    vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2).setUseDaemonThread(true));
    HttpClientOptions options =
        new HttpClientOptions()
            .setVerifyHost(false)
            .setTrustOptions(TrustOptions.wrap(pins))
            .setKeyCertOptions(KeyCertOptions.wrap(key))
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"))
            .setSslHandshakeTimeout(60)
            .setSslHandshakeTimeoutUnit(TimeUnit.SECONDS)
            .setConnectTimeout(10_000)
            .setKeepAliveTimeout((int) Math.max(60, keepAlive.toSeconds()))
            .setMaxHeaderSize(16 * 1024)
            .setDecompressionSupported(false)
            .setTcpKeepAlive(true);
    if (nativeTls && OpenSSLEngineOptions.isAvailable()) {
      options.setSslEngineOptions(new OpenSSLEngineOptions());
    }
    client =
        vertx
            .httpClientBuilder()
            .with(options)
            .with(new PoolOptions().setHttp1MaxSize(1).setMaxWaitQueueSize(8))
            .build();
  }

  /**
   * Sends one request and waits for its complete answer.
   *
   * @param body JSON, or empty for none
   * @param timeout for everything together
   * @param cap bytes that the answer's body may have
   * @param suspect whether the peer did not answer last time
   */
  Exchange exchange(
      Peer peer,
      HttpMethod method,
      String uri,
      byte[] body,
      Duration timeout,
      int cap,
      boolean suspect)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    HttpClientRequest request;
    Semaphore gate = suspect ? suspects : handshakes;
    if (!gate.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      return new Exchange.Silence("too many connections are being made at once");
    }
    Future<HttpClientRequest> connected = client.request(options(peer, method, uri));
    try {
      request = await(connected, deadline);
    } catch (ExecutionException e) {
      return new Exchange.Silence(reason(e));
    } catch (TimeoutException | InterruptedException e) {
      // The connection may come up later: without this it would keep the peer's only place.
      connected.onSuccess(HttpClientRequest::reset);
      if (e instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      return new Exchange.Silence("no connection within " + timeout.toMillis() + " ms");
    } finally {
      gate.release();
    }
    request.authority(HostAndPort.create(peer.address(), peer.port()));
    Collector collector = new Collector(cap, memory);
    boolean received = false;
    try {
      Exchange exchange = await(send(request, body, collector), deadline);
      received = exchange instanceof Exchange.Reply;
      return exchange;
    } catch (ExecutionException e) {
      var unused = request.reset();
      return new Exchange.Silence(reason(e));
    } catch (TimeoutException | InterruptedException e) {
      var unused = request.reset();
      if (e instanceof InterruptedException interrupted) {
        throw interrupted;
      }
      return new Exchange.Silence("no complete answer within " + timeout.toMillis() + " ms");
    } finally {
      if (!received) {
        collector.release();
      }
    }
  }

  /** The peer is not asked any more: its pin is dropped; its connection ends by its time-out. */
  void forget(Peer peer) {
    pins.forget(peer.connectionName());
  }

  private RequestOptions options(Peer peer, HttpMethod method, String uri) {
    String name = peer.connectionName();
    boolean tls =
        switch (peer.tls()) {
          case AgentTls.Pinned(var certificate) -> {
            pins.pin(name, certificate);
            yield true;
          }
          case AgentTls.Disabled d -> false;
        };
    return new RequestOptions()
        .setServer(SocketAddress.inetSocketAddress(peer.port(), peer.address()))
        .setHost(name)
        .setPort(peer.port())
        .setSsl(tls)
        .setMethod(method)
        .setURI(uri)
        .setFollowRedirects(false)
        .putHeader("Accept", "application/json");
  }

  private static Future<Exchange> send(
      HttpClientRequest request, byte[] body, Collector collector) {
    if (body.length > 0) {
      request.putHeader("Content-Type", "application/json");
    }
    CompletableFuture<Exchange> done = new CompletableFuture<>();
    request.exceptionHandler(done::completeExceptionally);
    request
        .response()
        .onFailure(done::completeExceptionally)
        .onSuccess(response -> collect(request, response, collector, done));
    (body.length > 0 ? request.end(Buffer.buffer(body)) : request.end())
        .onFailure(done::completeExceptionally);
    return Future.fromCompletionStage(done);
  }

  private static void collect(
      HttpClientRequest request,
      HttpClientResponse response,
      Collector collector,
      CompletableFuture<Exchange> done) {
    response.exceptionHandler(done::completeExceptionally);
    response.handler(
        piece -> {
          if (!done.isDone()) {
            Optional<Exchange> refused = collector.add(piece.getBytes());
            if (refused.isPresent()) {
              done.complete(refused.get());
              var unused = request.reset();
            }
          }
        });
    response.endHandler(
        end ->
            done.complete(
                new Exchange.Reply(response.statusCode(), collector.bytes(), collector::release)));
  }

  private static <T> T await(Future<T> future, long deadline)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future
        .toCompletionStage()
        .toCompletableFuture()
        .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
  }

  /** The innermost cause, in words: that is where TLS tells what it did not like. */
  private static String reason(ExecutionException thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String text =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return Encoding.printable(text, 200);
  }

  @Override
  public void close() {
    client.close();
    vertx.close();
  }
}
