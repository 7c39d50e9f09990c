package io.limestone.cli.rest;

import io.limestone.cli.args.CommandFailed;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Versions;
import io.limestone.wire.Encoding;
import io.limestone.wire.Json;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Requests to one server over HTTPS with the administrator's certificate. Redirects are not
 * followed, so that the certificate and what is sent go to the peer that was checked and to no
 * other.
 */
public final class Rest {
  private static final int MOST_BYTES = 256 << 20;

  private final HttpClient client;
  private final String scheme;
  private final String name;
  private final Address address;
  private final Duration timeout;

  private Rest(HttpClient client, String scheme, String name, Address address, Duration timeout) {
    this.client = client;
    this.scheme = scheme;
    this.name = name;
    this.address = address;
    this.timeout = timeout;
  }

  /**
   * A client of the server at {@code address}.
   *
   * @param name what it is called in messages
   */
  public static Rest https(String name, Address address, SSLContext tls, Duration timeout) {
    return new Rest(builder(timeout).sslContext(tls).build(), "https", name, address, timeout);
  }

  /** Plain HTTP, for agents that registered without TLS. */
  public static Rest http(String name, Address address, Duration timeout) {
    return new Rest(builder(timeout).build(), "http", name, address, timeout);
  }

  private static HttpClient.Builder builder(Duration timeout) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(timeout);
  }

  public Address address() {
    return address;
  }

  public Answer get(String path) throws IOException, InterruptedException {
    return send("GET", path, null);
  }

  public Answer delete(String path) throws IOException, InterruptedException {
    return send("DELETE", path, null);
  }

  /** {@code body} is a JSON value as {@link Json} writes it; null sends an empty body. */
  public Answer post(String path, @Nullable Object body) throws IOException, InterruptedException {
    return send("POST", path, body);
  }

  public Answer put(String path, @Nullable Object body) throws IOException, InterruptedException {
    return send("PUT", path, body);
  }

  /**
   * Which version to speak to a registrar or verifier: the highest 2.x that both know; one that
   * does not tell is spoken to in the current one (pull-protocol.md section 1.4).
   */
  ApiVersion negotiate() throws IOException, InterruptedException {
    Answer answer = get("/version");
    if (!answer.ok()) {
      return ApiVersion.CURRENT;
    }
    try {
      return common(answer, Versions.fromServerJson(answer.results()), ApiVersion.SERVED);
    } catch (MalformedException e) {
      return ApiVersion.CURRENT;
    }
  }

  static ApiVersion common(Answer answer, Versions theirs, List<ApiVersion> ours) {
    return ApiVersion.highestCommon(ours, theirs.supported())
        .orElseThrow(
            () ->
                CommandFailed.because(answer.from() + " speaks none of the API versions " + ours));
  }

  private Answer send(String method, String path, @Nullable Object body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(scheme + "://" + address + path))
            .timeout(timeout)
            .header("Accept", "application/json");
    if (body == null) {
      request.method(method, BodyPublishers.noBody());
    } else {
      request.header("Content-Type", "application/json");
      request.method(method, BodyPublishers.ofByteArray(Json.bytes(body)));
    }
    String from = name + " " + address;
    try {
      HttpResponse<byte[]> response =
          client.send(
              request.build(), BodyHandlers.limiting(BodyHandlers.ofByteArray(), MOST_BYTES));
      return new Answer(
          from, response.statusCode(), new String(response.body(), StandardCharsets.UTF_8));
    } catch (HttpTimeoutException e) {
      throw new NotReached(from + " did not answer within " + timeout.toSeconds() + " s", e);
    } catch (ConnectException e) {
      throw new NotReached(
          "no connection to " + from + ": is it running, and is the address right?", e);
    } catch (SSLException e) {
      throw CommandFailed.because(
          "no secure connection to "
              + from
              + ": "
              + Encoding.printable(rootMessage(e), 500)
              + tlsHint(e));
    } catch (IOException e) {
      throw new NotReached(from + ": " + Encoding.printable(rootMessage(e), 500), e);
    }
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  private static String tlsHint(SSLException e) {
    String message = rootMessage(e);
    if (message.contains("No subject alternative") || message.contains("No name matching")) {
      return ". Use a name that its certificate has, or --no-host-check if you know this is the server";
    }
    return message.contains("path") ? ". Is --pki the folder of this server's CA?" : "";
  }

  /** The server could not be reached, or went away: worth trying again. */
  public static final class NotReached extends IOException {
    private static final long serialVersionUID = 1L;

    NotReached(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
