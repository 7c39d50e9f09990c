package io.limestone.systemtest.parts;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.limestone.testkit.LoopbackPorts;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A webhook: takes revocation notices over TLS and keeps them. */
public final class NoticeReceiver implements AutoCloseable {
  private final int port = LoopbackPorts.free();
  private final List<JsonObject> notices = new CopyOnWriteArrayList<>();
  private @Nullable HttpsServer server;

  /** The port, known before {@link #listen}: the sender is configured with it first. */
  public int port() {
    return port;
  }

  /** Starts to listen, with the server certificate of a CA folder. */
  public void listen(Path caFolder) throws IOException {
    HttpsServer https =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(Credentials.tls(caFolder, "server")));
    https.createContext(
        "/",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          if (body.length > 0) {
            notices.add(Json.object(Json.object(body).string("msg")));
          }
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    https.start();
    server = https;
  }

  /** The messages received about one node, oldest first. */
  public List<JsonObject> about(String node) {
    return notices.stream().filter(notice -> notice.string("agent_id").equals(node)).toList();
  }

  @Override
  public void close() {
    if (server != null) {
      server.stop(0);
    }
  }
}
