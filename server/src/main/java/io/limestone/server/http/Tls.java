package io.limestone.server.http;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS of a listener. Clients are asked for a certificate; one that is presented must be trusted, or
 * the handshake fails; without one a client is anonymous.
 *
 * @param nativeEngine BoringSSL where its library loads
 */
public record Tls(
    X509ExtendedKeyManager key, X509ExtendedTrustManager clients, boolean nativeEngine) {

  SslContext context() throws SSLException {
    boolean boring = nativeEngine && OpenSsl.isAvailable();
    return SslContextBuilder.forServer(key)
        .trustManager(clients)
        .clientAuth(ClientAuth.OPTIONAL)
        .protocols("TLSv1.3", "TLSv1.2")
        .sslProvider(boring ? SslProvider.OPENSSL : SslProvider.JDK)
        .build();
  }
}
