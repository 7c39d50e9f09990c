package io.limestone.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.limestone.keylime.AgentTls;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Serves a {@link SimulatedAgent} on loopback over HTTP or HTTPS, with a certificate like the Rust
 * agent's, and misbehaves when told to. Each request runs on a virtual thread.
 */
public final class HostileAgent implements AutoCloseable {
  static {
    // Headers and body are separate writes; Nagle's algorithm would hold the second back 40 ms.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");
  }

  private static final int MAX_BODY = 2 * 1024 * 1024;

  private final SimulatedAgent agent;
  private final Optional<AgentKeyManager> keyManager;
  private final Optional<AgentCertificate> certificate;
  private final Optional<SSLContext> tls;
  private final boolean clientCertificates;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile Predicate<String> mischievous = path -> false;
  private volatile Mischief mischief = new Mischief.Silent();
  private volatile boolean closed;
  private HttpServer server;
  private final int port;

  private HostileAgent(
      SimulatedAgent agent, int port, boolean https, List<X509Certificate> trustedClientCas)
      throws IOException {
    this.agent = agent;
    this.clientCertificates = !trustedClientCas.isEmpty();
    if (https) {
      AgentCertificate own = AgentCertificate.make(agent.id(), Instant.now());
      AgentKeyManager manager = new AgentKeyManager(own);
      this.certificate = Optional.of(own);
      this.keyManager = Optional.of(manager);
      this.tls = Optional.of(context(manager, trustedClientCas));
    } else {
      this.certificate = Optional.empty();
      this.keyManager = Optional.empty();
      this.tls = Optional.empty();
    }
    this.port = port;
    this.server = listen();
  }

  /** In the clear, on any free port. */
  public static HostileAgent http(SimulatedAgent agent) throws IOException {
    return new HostileAgent(agent, LoopbackPorts.free(), false, List.of());
  }

  /**
   * Over TLS, on any free port.
   *
   * @param trustedClientCas whose clients are let in; empty for everyone, without a certificate
   */
  public static HostileAgent https(SimulatedAgent agent, List<X509Certificate> trustedClientCas)
      throws IOException {
    return new HostileAgent(agent, LoopbackPorts.free(), true, trustedClientCas);
  }

  public SimulatedAgent agent() {
    return agent;
  }

  public int port() {
    return port;
  }

  /** What it registers as {@code mtls_cert}. */
  public AgentTls agentTls() {
    return certificate
        .<AgentTls>map(own -> new AgentTls.Pinned(own.der()))
        .orElseGet(AgentTls.Disabled::new);
  }

  /** How many requests came in so far, whatever became of them. */
  public int requests() {
    return requests.get();
  }

  /** Misbehaves on every request from now on. */
  public void misbehave(Mischief how) {
    misbehave(how, path -> true);
  }

  /** Misbehaves on requests whose path (without query) passes {@code where}. */
  public void misbehave(Mischief how, Predicate<String> where) {
    mischief = how;
    mischievous = where;
  }

  public void behave() {
    mischievous = path -> false;
  }

  /** New handshakes see another certificate than the registered one. */
  public void presentOtherCertificate() {
    AgentKeyManager manager = keyManager.orElseThrow();
    manager.present(AgentCertificate.make(agent.id(), Instant.now()));
  }

  /** New handshakes see the registered certificate again. */
  public void presentOwnCertificate() {
    keyManager.orElseThrow().present(certificate.orElseThrow());
  }

  /** Closes all connections and refuses new ones. */
  public synchronized void hangUp() {
    server.stop(0);
  }

  /** Listens on the same port again. */
  public synchronized void listenAgain() throws IOException {
    server = listen();
  }

  @Override
  public synchronized void close() {
    closed = true;
    server.stop(0);
    threads.shutdownNow();
  }

  private HttpServer listen() throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    HttpServer listening;
    if (tls.isPresent()) {
      HttpsServer https = HttpsServer.create(address, 1024);
      https.setHttpsConfigurator(new Configurator(tls.get(), clientCertificates));
      listening = https;
    } else {
      listening = HttpServer.create(address, 1024);
    }
    listening.setExecutor(threads);
    listening.createContext("/", this::serve);
    listening.start();
    return listening;
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY);
      String path = exchange.getRequestURI().getPath();
      Answer answer =
          agent.answer(
              exchange.getRequestMethod(),
              path,
              parameters(exchange.getRequestURI().getRawQuery()),
              body);
      if (mischievous.test(path)) {
        misbehave(exchange, answer);
      } else {
        send(exchange, answer.status(), answer.body());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the agent is being closed
    }
  }

  private void misbehave(HttpExchange exchange, Answer answer)
      throws IOException, InterruptedException {
    switch (mischief) {
      case Mischief.Slow slow -> {
        Thread.sleep(slow.delay());
        send(exchange, answer.status(), answer.body());
      }
      case Mischief.Silent silent -> Thread.sleep(Duration.ofHours(1));
      case Mischief.Drip drip -> {
        OutputStream out = begin(exchange, answer.status(), answer.body().size());
        for (byte b : answer.body().toArray()) {
          out.write(b);
          out.flush();
          Thread.sleep(drip.perByte());
        }
      }
      case Mischief.Endless endless -> {
        OutputStream out = begin(exchange, 200, 0);
        byte[] blanks = " ".repeat(8192).getBytes(StandardCharsets.US_ASCII);
        while (!closed) {
          out.write(blanks);
        }
      }
      case Mischief.Huge huge -> huge(exchange, huge.bytes());
      case Mischief.Body text ->
          send(exchange, 200, Bytes.of(text.text().getBytes(StandardCharsets.UTF_8)));
      case Mischief.Truncated truncated -> {
        OutputStream out = begin(exchange, answer.status(), answer.body().size());
        out.write(answer.body().slice(0, answer.body().size() / 2).toArray());
        out.flush();
      }
      case Mischief.Status status -> {
        Answer error = Answer.error(status.code(), status.text());
        send(exchange, error.status(), error.body());
      }
      case Mischief.Redirect redirect -> {
        exchange.getResponseHeaders().set("Location", redirect.to().toString());
        exchange.sendResponseHeaders(302, -1);
      }
    }
  }

  private static void huge(HttpExchange exchange, long bytes) throws IOException {
    OutputStream out = begin(exchange, 200, bytes);
    byte[] open = "{\"code\":200,\"status\":\"".getBytes(StandardCharsets.US_ASCII);
    byte[] close = "\",\"results\":{}}".getBytes(StandardCharsets.US_ASCII);
    byte[] filling = "x".repeat(8192).getBytes(StandardCharsets.US_ASCII);
    out.write(open);
    long left = bytes - open.length - close.length;
    while (left > 0) {
      int now = (int) Math.min(left, filling.length);
      out.write(filling, 0, now);
      left -= now;
    }
    out.write(close);
  }

  private static void send(HttpExchange exchange, int status, Bytes body) throws IOException {
    begin(exchange, status, body.size()).write(body.toArray());
  }

  private static OutputStream begin(HttpExchange exchange, int status, long length)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, length);
    return exchange.getResponseBody();
  }

  private static Map<String, String> parameters(@Nullable String query) {
    Map<String, String> parameters = new HashMap<>();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        int at = pair.indexOf('=');
        if (at > 0) {
          parameters.put(
              URLDecoder.decode(pair.substring(0, at), StandardCharsets.UTF_8),
              URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
        }
      }
    }
    return parameters;
  }

  private static SSLContext context(AgentKeyManager keys, List<X509Certificate> trusted) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {keys}, trust(trusted), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustManager[] trust(List<X509Certificate> cas)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (X509Certificate ca : cas) {
      store.setCertificateEntry("ca" + store.size(), ca);
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return cas.isEmpty() ? new TrustManager[0] : factory.getTrustManagers();
  }

  private static final class Configurator extends HttpsConfigurator {
    private final boolean clientCertificates;

    Configurator(SSLContext context, boolean clientCertificates) {
      super(context);
      this.clientCertificates = clientCertificates;
    }

    @Override
    public void configure(HttpsParameters parameters) {
      SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
      ssl.setNeedClientAuth(clientCertificates);
      parameters.setSSLParameters(ssl);
    }
  }
}
