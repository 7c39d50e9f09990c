package io.limestone.agent;

import io.limestone.agent.AgentConfig.Backoff;
import io.limestone.agent.AgentConfig.HostPort;
import io.limestone.keylime.Activation;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.keylime.Versions;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The agent's side of registration (pull-protocol.md sections 1.4, 2 and 12.1), over plain HTTP as
 * the protocol has it: everything that matters is proven by the TPM. A registrar that cannot be
 * reached or is overloaded is tried again; one that refuses is not.
 */
final class RegistrarClient {
  private static final int MAX_ANSWER = 1 << 20;
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration READ = Duration.ofSeconds(60);

  private final HostPort registrar;
  private final Backoff backoff;
  private final List<ApiVersion> enabled;

  RegistrarClient(HostPort registrar, Backoff backoff, List<ApiVersion> enabled) {
    this.registrar = registrar;
    this.backoff = backoff;
    this.enabled = enabled.reversed();
  }

  /** The registrar said no; trying again would change nothing. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int status;

    RefusedException(String what, int status, String why) {
      super(what + ": the registrar answers " + status + (why.isEmpty() ? "" : ", " + why));
      this.status = status;
    }

    int status() {
      return status;
    }
  }

  private record Answer(int status, Bytes body) {
    Envelope envelope() {
      return Envelope.parse(body.toArray());
    }
  }

  /**
   * Versions to try, best first (section 1.4). If the registrar does not say which it speaks, all
   * of ours.
   */
  List<ApiVersion> negotiate() throws IOException, InterruptedException {
    Answer answer = exchange("GET", "/version", null);
    if (answer.status() / 100 != 2) {
      return enabled;
    }
    Versions versions = Versions.fromServerJson(answer.envelope().content());
    if (enabled.contains(versions.preferred())) {
      return List.of(versions.preferred());
    }
    List<ApiVersion> common = enabled.stream().filter(versions.supported()::contains).toList();
    if (common.isEmpty()) {
      throw new MalformedException("the registrar speaks none of the API versions " + enabled);
    }
    return common;
  }

  /** What a registration was answered with, and in which version. */
  record Registered(ApiVersion version, Bytes credentialBlob) {}

  Registered register(NodeId id, Registration registration, List<ApiVersion> versions)
      throws IOException, InterruptedException {
    RefusedException refused = null;
    for (ApiVersion version : versions) {
      try {
        Answer answer =
            accepted("registration", exchange("POST", path(version, id), registration.toJson()));
        return new Registered(version, Bytes.ofBase64(answer.envelope().content().string("blob")));
      } catch (RefusedException e) {
        if (e.status() == 403) {
          throw e;
        }
        refused = e;
      }
    }
    throw refused != null ? refused : new IOException("no API version to register with");
  }

  void activate(NodeId id, Activation activation, ApiVersion version)
      throws IOException, InterruptedException {
    accepted("activation", exchange("PUT", path(version, id), activation.toJson()));
  }

  private static String path(ApiVersion version, NodeId id) {
    return version.path() + "/agents/" + id;
  }

  private static Answer accepted(String what, Answer answer) throws RefusedException {
    if (answer.status() / 100 == 2) {
      return answer;
    }
    String why = "";
    try {
      why = answer.envelope().status();
    } catch (MalformedException noEnvelope) {
      // Some refusals have an empty body; the status says it all.
    }
    throw new RefusedException(what, answer.status(), why);
  }

  /** One exchange, repeated with growing pauses while the registrar is away or busy. */
  private Answer exchange(String method, String path, @Nullable JsonObject body)
      throws IOException, InterruptedException {
    Duration pause = backoff.initial();
    for (int retry = 0; ; retry++) {
      String trouble;
      try {
        Answer answer = once(method, path, body);
        if (!Set.of(408, 429).contains(answer.status()) && answer.status() < 500) {
          return answer;
        }
        trouble = "answers " + answer.status();
        if (isLast(retry)) {
          return answer;
        }
      } catch (IOException e) {
        if (isLast(retry)) {
          throw e;
        }
        trouble = String.valueOf(e.getMessage());
      }
      Log.warning(
          "registrar not ready", "registrar", registrar, "reason", trouble, "retry_in", pause);
      Thread.sleep(pause);
      pause = pause.multipliedBy(2);
      if (pause.compareTo(backoff.max()) > 0) {
        pause = backoff.max();
      }
    }
  }

  private boolean isLast(int retry) {
    return backoff.maxRetries() >= 0 && retry >= backoff.maxRetries();
  }

  private Answer once(String method, String path, @Nullable JsonObject body) throws IOException {
    URI uri = URI.create("http://" + registrar + path);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
    try {
      connection.setRequestMethod(method);
      connection.setInstanceFollowRedirects(false);
      connection.setConnectTimeout((int) CONNECT.toMillis());
      connection.setReadTimeout((int) READ.toMillis());
      connection.setRequestProperty("Accept", "application/json");
      if (body != null) {
        byte[] json = Json.bytes(body);
        connection.setDoOutput(true);
        connection.setFixedLengthStreamingMode(json.length);
        connection.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = connection.getOutputStream()) {
          out.write(json);
        }
      }
      int status = connection.getResponseCode();
      InputStream in = status >= 400 ? connection.getErrorStream() : connection.getInputStream();
      return new Answer(status, in == null ? Bytes.EMPTY : bounded(in));
    } finally {
      connection.disconnect();
    }
  }

  private static Bytes bounded(InputStream in) throws IOException {
    try (in) {
      byte[] body = in.readNBytes(MAX_ANSWER + 1);
      if (body.length > MAX_ANSWER) {
        throw new MalformedException("the registrar's answer is larger than 1 MiB");
      }
      return Bytes.of(body);
    }
  }
}
