package io.limestone.cli.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.limestone.server.pki.Pki;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Whom the server tells: a webhook over TLS, with the server's own certificate. */
final class NoticeReceiver implements AutoCloseable {
  private static final int MOST_BYTES = 1 << 20;

  /** A notice, and when it came. */
  record Received(Instant at, JsonObject message) {}

  private final HttpsServer server;
  private final List<Received> received = new CopyOnWriteArrayList<>();

  private NoticeReceiver(HttpsServer server) {
    this.server = server;
  }

  static NoticeReceiver listen(int port, Path pki) throws IOException {
    Pki keys = Pki.load(pki, List.of("cacert.crt"));
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    NoticeReceiver receiver = new NoticeReceiver(server);
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(new KeyManager[] {keys.serverKey()}, new TrustManager[] {keys.clients()}, null);
      server.setHttpsConfigurator(new HttpsConfigurator(tls));
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    server.createContext("/", receiver::take);
    server.start();
    return receiver;
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readNBytes(MOST_BYTES);
      try {
        received.add(new Received(Instant.now(), Json.object(Json.object(body).string("msg"))));
        exchange.sendResponseHeaders(200, -1);
      } catch (MalformedException e) {
        exchange.sendResponseHeaders(400, -1);
      }
    }
  }

  Optional<Received> about(String id) {
    return received.stream()
        .filter(one -> one.message().optionalString("agent_id").orElse("").equals(id))
        .findFirst();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
