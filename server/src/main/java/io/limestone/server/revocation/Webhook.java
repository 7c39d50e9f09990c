package io.limestone.server.revocation;

import io.limestone.server.pki.Pki;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * Posts notices to {@code verifier.webhook_url} (pull-protocol.md §6.2): 200 and 202 are success.
 * Redirects are not followed. With {@code https} the receiver must have a certificate of the
 * trusted CA and sees our client certificate; with {@code http} everybody on the way can read the
 * notice, and only its signature protects it.
 */
public final class Webhook implements Carrier, AutoCloseable {
  private final URI url;
  private final Duration timeout;
  private final HttpClient client;

  /**
   * @throws MalformedException if {@code url} is not an http or https URL
   */
  public Webhook(String url, Pki pki, Duration timeout) {
    this.url = parse(url);
    this.timeout = timeout;
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(new KeyManager[] {pki.clientKey()}, new TrustManager[] {pki.servers()}, null);
      client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER)
              .connectTimeout(timeout)
              .sslContext(tls)
              .build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS is part of every JDK", e);
    }
  }

  /** The URL that a setting holds. */
  public static URI parse(String text) {
    try {
      URI url = new URI(text);
      String scheme = url.getScheme();
      if (url.getHost() != null && ("https".equals(scheme) || "http".equals(scheme))) {
        return url;
      }
      throw new MalformedException("verifier.webhook_url is no http or https URL");
    } catch (URISyntaxException e) {
      throw new MalformedException("verifier.webhook_url is no URL", e);
    }
  }

  @Override
  public Outcome carry(Delivery delivery) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(delivery.body()))
            .build();
    CompletableFuture<HttpResponse<Void>> answer =
        client.sendAsync(request, HttpResponse.BodyHandlers.discarding());
    try {
      int status = answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS).statusCode();
      return status == 200 || status == 202
          ? new Outcome.Done("delivered, status " + status)
          : new Outcome.Refused("status " + status);
    } catch (TimeoutException e) {
      return new Outcome.Unreachable("no answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      return new Outcome.Unreachable(Encoding.printable(String.valueOf(e.getCause()), 200));
    } finally {
      answer.cancel(true);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
