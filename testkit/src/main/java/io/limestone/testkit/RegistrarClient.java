package io.limestone.testkit;

import io.limestone.keylime.Activation;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Challenge;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** Registers a simulated node as an agent does: POST, ActivateCredential, PUT. */
public final class RegistrarClient {
  private final HttpClient http;
  private final URI base;

  /**
   * A client of the registrar at {@code base}, such as {@code http://127.0.0.1:8890}.
   *
   * @param http for https with the trust it needs
   */
  public RegistrarClient(HttpClient http, URI base) {
    this.http = http;
    this.base = base;
  }

  /** What an agent with this TPM, listening there, registers. */
  public static Registration registration(HostileAgent node) {
    SoftwareTpm tpm = node.agent().tpm();
    return new Registration(
        Optional.empty(),
        Optional.of(tpm.ak().to2b()),
        Optional.of(tpm.ek().to2b()),
        tpm.ekChain().stream().map(TestCa::der).toList(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of("127.0.0.1"),
        Optional.of(node.port()),
        Optional.of(node.agentTls()));
  }

  /** Registers and activates; the status of the last request that was made. */
  public int register(HostileAgent node) throws IOException, InterruptedException {
    NodeId id = node.agent().id();
    HttpResponse<byte[]> posted = post(id, registration(node));
    if (posted.statusCode() != 200) {
      return posted.statusCode();
    }
    String blob = Envelope.parse(posted.body()).content().string("blob");
    Challenge challenge =
        new Challenge(
            node.agent().tpm().activateCredential(CredentialBlob.parse(Bytes.ofBase64(blob))));
    return activate(id, challenge.authTag(id)).statusCode();
  }

  public HttpResponse<byte[]> post(NodeId id, Registration registration)
      throws IOException, InterruptedException {
    return send("POST", id, registration.toJson());
  }

  public HttpResponse<byte[]> activate(NodeId id, String authTag)
      throws IOException, InterruptedException {
    return send("PUT", id, new Activation(authTag).toJson());
  }

  private HttpResponse<byte[]> send(String method, NodeId id, JsonObject body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(base.resolve(ApiVersion.CURRENT.path() + "/agents/" + id.value()))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofByteArray());
  }
}
