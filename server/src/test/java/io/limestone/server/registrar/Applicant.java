package io.limestone.server.registrar;

import io.limestone.keylime.Challenge;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.server.RunningServer;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.CredentialBlob;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node that registers, step by step, with whatever members its test wants. */
final class Applicant {
  private final RunningServer server;
  private final NodeId id;
  private final SoftwareTpm tpm;
  private final HttpClient http = HttpClient.newHttpClient();

  Applicant(RunningServer server, String id, SoftwareTpm tpm) {
    this.server = server;
    this.id = new NodeId(id);
    this.tpm = tpm;
  }

  /** The members an agent sends, some of them replaced or, with null, left out. */
  JsonObject body(Object... changes) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    members.put("aik_tpm", tpm.ak().to2b().base64());
    members.put("ek_tpm", tpm.ek().to2b().base64());
    members.put("ekcert", tpm.ekChainPem());
    members.put("iak_cert", null);
    members.put("idevid_cert", null);
    members.put("ip", "192.0.2.7");
    members.put("mtls_cert", "disabled");
    members.put("port", 9002);
    for (int i = 0; i < changes.length; i += 2) {
      members.put(String.valueOf(changes[i]), changes[i + 1]);
    }
    return new JsonObject(members);
  }

  JsonObject without(String... names) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>(body().members());
    for (String name : names) {
      members.remove(name);
    }
    return new JsonObject(members);
  }

  HttpResponse<String> post(JsonObject body) throws IOException, InterruptedException {
    return RunningServer.send(http, "POST", server.plain("/v2.5/agents/" + id), body);
  }

  HttpResponse<String> put(String authTag) throws IOException, InterruptedException {
    return RunningServer.send(
        http,
        "PUT",
        server.plain("/v2.5/agents/" + id),
        new JsonObject(Map.of("auth_tag", authTag)));
  }

  /** The tag that opens the challenge of an answered registration. */
  String tag(HttpResponse<String> registered) {
    Bytes blob = Bytes.ofBase64(results(registered).string("blob"));
    return new Challenge(tpm.activateCredential(CredentialBlob.parse(blob))).authTag(id);
  }

  /** Registers and activates. */
  void join() throws IOException, InterruptedException {
    HttpResponse<String> registered = post(body());
    if (registered.statusCode() != 200 || put(tag(registered)).statusCode() != 200) {
      throw new IllegalStateException("not registered: " + registered.body());
    }
  }

  HttpResponse<String> show() throws IOException, InterruptedException {
    return RunningServer.send(
        server.admin(), "GET", server.tls("registrar-tls", "/v2.6/agents/" + id), null);
  }

  static JsonObject results(HttpResponse<String> answer) {
    return Envelope.parse(answer.body().getBytes(StandardCharsets.UTF_8)).content();
  }

  static String status(HttpResponse<String> answer) {
    return Envelope.parse(answer.body().getBytes(StandardCharsets.UTF_8)).status();
  }

  Registration registration() {
    return Registration.fromJson(body());
  }

  SoftwareTpm tpm() {
    return tpm;
  }

  static Bytes der(SoftwareTpm tpm) {
    return TestCa.der(tpm.ekChain().getFirst());
  }
}
