package io.limestone.agent;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.limestone.keylime.Activation;
import io.limestone.keylime.Challenge;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.tpm.CredentialBlob;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** A registrar of few words that a test can make misbehave; real challenges for a real TPM. */
final class StubRegistrar implements AutoCloseable {
  final List<String> requests = new CopyOnWriteArrayList<>();
  final List<Registration> registrations = new CopyOnWriteArrayList<>();
  volatile boolean activated;
  volatile Envelope version =
      Envelope.ok(
          new JsonObject(
              Map.of("current_version", "2.6", "supported_versions", List.of("2.5", "2.6"))));
  volatile int postStatus = 200;
  volatile String postStatusFor = "";
  volatile UnaryOperator<Bytes> blob = made -> made;
  volatile UnaryOperator<Bytes> akName = name -> name;

  private final HttpServer server;
  private Challenge challenge = Challenge.random(new SecureRandom());

  StubRegistrar(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 16);
    server.createContext("/", this::handle);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      requests.add(exchange.getRequestMethod() + " " + path);
      byte[] body = exchange.getRequestBody().readAllBytes();
      Envelope answer =
          switch (exchange.getRequestMethod()) {
            case "GET" -> version;
            case "POST" -> register(path, body);
            default -> activate(path, body);
          };
      byte[] bytes = answer.bytes();
      exchange.sendResponseHeaders(answer.code(), bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private synchronized Envelope register(String path, byte[] body) {
    if (postStatus != 200 && path.contains(postStatusFor)) {
      return Envelope.empty(postStatus, "no");
    }
    Registration registration = Registration.fromJson(Json.object(body));
    registrations.add(registration);
    activated = false;
    challenge = Challenge.random(new SecureRandom());
    CredentialBlob made =
        CredentialBlob.make(
            TpmtPublic.parse2b(registration.ekTpm().orElseThrow()),
            akName.apply(TpmtPublic.parse2b(registration.akTpm().orElseThrow()).name()),
            challenge.text(),
            new SecureRandom());
    return Envelope.ok(new JsonObject(Map.of("blob", blob.apply(made.encode()).base64())));
  }

  private synchronized Envelope activate(String path, byte[] body) {
    NodeId id = NodeId.parse(path.substring(path.lastIndexOf('/') + 1));
    activated = challenge.answeredBy(Activation.fromJson(Json.object(body)).authTag(), id);
    return activated ? Envelope.ok(new JsonObject(Map.of())) : Envelope.empty(400, "wrong tag");
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
