package io.limestone.agent;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The agent's side of mutual TLS: its certificate, which peers pin, and the CAs whose clients may
 * speak to it.
 *
 * @param certificate DER, as registered
 */
record ServerTls(Bytes certificate, SSLContext context) {

  /** Takes key and certificate from their files; if there are none, both are made. */
  static ServerTls prepare(AgentConfig.Tls config, String commonName, String contactHost)
      throws IOException, GeneralSecurityException {
    if (!Files.exists(config.key()) && !Files.exists(config.certificate())) {
      KeyPair pair = KeyFiles.newP256();
      KeyFiles.writePrivate(config.key(), pair.getPrivate());
      KeyFiles.writeCertificate(
          config.certificate(),
          SelfSigned.certificate(pair, commonName, contactHost, Instant.now()));
    }
    PrivateKey key = KeyFiles.privateKey(config.key(), config.keyPassword());
    List<X509Certificate> chain = KeyFiles.certificates(config.certificate());
    try {
      chain.getFirst().checkValidity();
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      Log.warning("server certificate outside of its validity", "file", config.certificate());
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        new KeyManager[] {new OneKey(key, chain.toArray(X509Certificate[]::new))},
        trusted(config.trustedClientCa()).getTrustManagers(),
        null);
    return new ServerTls(Bytes.of(chain.getFirst().getEncoded()), context);
  }

  private static TrustManagerFactory trusted(List<Path> files)
      throws IOException, GeneralSecurityException {
    KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
    anchors.load(null, null);
    for (Path file : files) {
      try {
        for (X509Certificate certificate : KeyFiles.certificates(file)) {
          anchors.setCertificateEntry("ca" + anchors.size(), certificate);
        }
      } catch (IOException | GeneralSecurityException e) {
        Log.warning("trusted_client_ca skipped", "file", file, "reason", e.getMessage());
      }
    }
    if (anchors.size() == 0) {
      throw new IOException(
          "trusted_client_ca: no CA certificate in "
              + files
              + "; nobody could speak to the agent. Copy the verifier's cacert.crt there");
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(anchors);
    return factory;
  }

  /** TLS 1.2 or 1.3, and a client certificate in every case. */
  HttpsConfigurator configurator() {
    return new HttpsConfigurator(context) {
      @Override
      public void configure(HttpsParameters parameters) {
        SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
        ssl.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        ssl.setNeedClientAuth(true);
        parameters.setSSLParameters(ssl);
      }
    };
  }

  /**
   * One key for every handshake, held in memory: a key manager over a key store decrypts it each
   * time anew.
   */
  private static final class OneKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "agent";

    private final PrivateKey key;
    private final X509Certificate[] chain;

    OneKey(PrivateKey key, X509Certificate[] chain) {
      this.key = key;
      this.chain = chain;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
      return keyType.equals(key.getAlgorithm()) ? ALIAS : null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, Socket socket) {
      return keyType.equals(key.getAlgorithm()) ? ALIAS : null;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return chain.clone();
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return key;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, Socket socket) {
      return null;
    }

    @Override
    public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }
  }
}
