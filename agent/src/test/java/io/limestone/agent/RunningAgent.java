package io.limestone.agent;

import io.limestone.testkit.LoopbackPorts;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** An agent in this process, in a home of its own, and a client that may speak to it. */
final class RunningAgent implements AutoCloseable {
  static final String ID = "d432fbb3-d2f1-4a97-9ef7-75bd81c00000";

  final Path home;
  final int port = LoopbackPorts.freeRun(1);
  final Path conf;
  private final String tcti;
  private final HttpClient client;
  private String scheme = "https";
  private @Nullable Thread thread;
  private final AtomicReference<Exception> failure = new AtomicReference<>();

  RunningAgent(Path home, String tcti, int registrarPort, String... moreOptions) throws Exception {
    this.home = home;
    this.tcti = tcti;
    this.conf = home.resolve("agent.conf");
    Files.createDirectories(home.resolve("cv_ca"));
    Files.writeString(
        conf,
        """
        [agent]
        uuid = "%s"
        port = %d
        contact_port = %d
        registrar_port = %d
        run_as = ""
        ima_ml_path = "ima.log"
        measuredboot_ml_path = "boot.bin"
        exponential_backoff_initial_delay = 20
        exponential_backoff_max_retries = 3
        %s
        """
            .formatted(ID, port, port, registrarPort, String.join("\n", moreOptions)));
    if (!Files.exists(home.resolve("ima.log"))) {
      Files.writeString(home.resolve("ima.log"), "");
    }
    if (!Files.exists(home.resolve("boot.bin"))) {
      Files.write(home.resolve("boot.bin"), new byte[] {1, 2, 3});
    }
    KeyPair key = KeyFiles.newP256();
    Bytes certificate = SelfSigned.certificate(key, "client", "127.0.0.1", Instant.now());
    KeyFiles.writeCertificate(home.resolve("cv_ca/cacert.crt"), certificate);
    client = client(key, KeyFiles.certificates(home.resolve("cv_ca/cacert.crt")).getFirst());
  }

  /** Starts it and waits until it answers. */
  RunningAgent start() throws Exception {
    Thread started = run();
    for (int attempt = 0; attempt < 2400; attempt++) {
      if (!started.isAlive()) {
        throw new IOException("the agent ended", failure.get());
      }
      try {
        get("/version");
        return this;
      } catch (IOException notYet) {
        Thread.sleep(25);
      }
    }
    throw new IOException("the agent does not answer");
  }

  /** Another id than the usual one. */
  RunningAgent withId(String id) throws IOException {
    Files.writeString(conf, Files.readString(conf).replace(ID, id));
    return this;
  }

  /** Waits for its registrar as long as it takes. */
  RunningAgent withoutRetryLimit() throws IOException {
    Files.writeString(
        conf, Files.readString(conf).replaceAll("exponential_backoff_max_retries.*", ""));
    return this;
  }

  /** Starts it without TLS and waits until it answers. */
  RunningAgent startPlain() throws Exception {
    scheme = "http";
    return start();
  }

  private Thread run() throws ConfigException {
    AgentConfig config =
        AgentConfig.load(
            java.util.Optional.of(conf), Map.of("KEYLIME_DIR", home.toString(), "TCTI", tcti));
    Thread started =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    Agent.attest(config);
                  } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                  } catch (Exception e) {
                    failure.set(e);
                  }
                });
    thread = started;
    return started;
  }

  /** Starts it where it is expected to give up; the reason it gives. */
  Exception startAndFail() throws Exception {
    Thread started = run();
    started.join(Duration.ofSeconds(60));
    if (started.isAlive() || failure.get() == null) {
      throw new IOException("the agent did not give up");
    }
    return failure.get();
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send("GET", path, null, "application/json");
  }

  HttpResponse<String> post(String path, Object json) throws IOException, InterruptedException {
    return send("POST", path, Json.text(json), "application/json");
  }

  HttpResponse<String> send(String method, String path, @Nullable String body, String type)
      throws IOException, InterruptedException {
    return send(client, method, path, body, type);
  }

  HttpResponse<String> send(
      HttpClient from, String method, String path, @Nullable String body, String type)
      throws IOException, InterruptedException {
    return from.send(
        HttpRequest.newBuilder(URI.create(scheme + "://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", type)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  static JsonObject results(HttpResponse<String> response) {
    return Json.object(response.body()).object("results");
  }

  /** A client certificate of nobody that the agent trusts. */
  static HttpClient stranger() throws Exception {
    KeyPair key = KeyFiles.newP256();
    Path file = Files.createTempFile("stranger", ".crt");
    try {
      KeyFiles.writeCertificate(
          file, SelfSigned.certificate(key, "client", "127.0.0.1", Instant.now()));
      return client(key, KeyFiles.certificates(file).getFirst());
    } finally {
      Files.delete(file);
    }
  }

  static HttpClient anonymous() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anyone()}, null);
    return HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
  }

  private static HttpClient client(KeyPair key, X509Certificate certificate) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("client", key.getPrivate(), new char[0], new X509Certificate[] {certificate});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), new TrustManager[] {new Anyone()}, null);
    return HttpClient.newBuilder().sslContext(context).version(HttpClient.Version.HTTP_1_1).build();
  }

  /** Like Keylime's peers of test: the pin is not this test's subject. */
  private static final class Anyone extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkClientTrusted(
        X509Certificate[] chain, String authType, java.net.Socket socket) {}

    @Override
    public void checkServerTrusted(
        X509Certificate[] chain, String authType, java.net.Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  void appendIma(String lines) throws IOException {
    Files.writeString(
        home.resolve("ima.log"),
        lines,
        StandardCharsets.UTF_8,
        java.nio.file.StandardOpenOption.APPEND);
  }

  @Override
  public void close() throws IOException {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
      try {
        running.join(Duration.ofSeconds(60));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (running.isAlive()) {
        throw new IllegalStateException("the agent did not stop");
      }
    }
    client.close();
    unmount();
  }

  /** What a payload left behind, as a shutdown of the machine would. */
  private void unmount() throws IOException {
    Path secure = home.resolve("secure");
    if (Files.isDirectory(secure, LinkOption.NOFOLLOW_LINKS)
        && Files.getFileStore(secure).type().equals("tmpfs")
        && !Files.getFileStore(home).type().equals("tmpfs")) {
      Posix.unmount(secure.toString());
    }
  }
}
