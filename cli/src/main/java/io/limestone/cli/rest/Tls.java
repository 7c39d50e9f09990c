package io.limestone.cli.rest;

import io.limestone.cli.args.CommandFailed;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The administrator's key and certificates, from a folder with the file names of Keylime's CA
 * folder: {@code cacert.crt}, {@code client-cert.crt}, {@code client-private.pem}.
 */
public record Tls(List<X509Certificate> authorities, PrivateKey key, List<X509Certificate> chain) {
  /** Reads the folder, or fails with what is missing and how to get it. */
  public static Tls read(Path folder) throws IOException {
    for (String name : List.of("cacert.crt", "client-cert.crt", "client-private.pem")) {
      if (!Files.isReadable(folder.resolve(name))) {
        throw CommandFailed.because(
            folder.resolve(name)
                + " cannot be read. It is the administrator's identity: copy the folder pki of the"
                + " server's home here, or give --pki DIR (for Keylime: its cv_ca folder).");
      }
    }
    return new Tls(
        read(folder.resolve("cacert.crt"), Tls::certificates),
        read(folder.resolve("client-private.pem"), Tls::privateKey),
        read(folder.resolve("client-cert.crt"), Tls::certificates));
  }

  private static <T> T read(Path file, Function<String, T> form) throws IOException {
    try {
      return form.apply(Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (MalformedException e) {
      throw e.in(file.toString());
    }
  }

  private static List<X509Certificate> certificates(String text) {
    List<X509Certificate> certificates =
        Pem.file(text, 100).stream()
            .filter(block -> block.label().equals(Pem.CERTIFICATE))
            .map(block -> certificate(block.content()))
            .toList();
    if (certificates.isEmpty()) {
      throw new MalformedException("no PEM certificate in it");
    }
    return certificates;
  }

  /**
   * An X.509 certificate.
   *
   * @throws MalformedException if these bytes are none
   */
  public static X509Certificate certificate(Bytes der) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der.toArray()));
    } catch (CertificateException e) {
      throw new MalformedException("not an X.509 certificate", e);
    }
  }

  /** A PKCS #8 key of either kind. */
  private static PrivateKey privateKey(String text) {
    for (Pem.Block block : Pem.file(text, 100)) {
      if (block.label().equals("PRIVATE KEY")) {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(block.content().toArray());
        return rsaKey(spec)
            .or(() -> ecKey(spec))
            .orElseThrow(() -> new MalformedException("neither an RSA nor an EC key"));
      }
      if (block.label().endsWith("PRIVATE KEY")) {
        throw new MalformedException(
            "a key of the form "
                + block.label()
                + "; convert it: openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW");
      }
    }
    throw new MalformedException("no PEM private key in it");
  }

  private static Optional<PrivateKey> rsaKey(PKCS8EncodedKeySpec spec) {
    try {
      return Optional.of(KeyFactory.getInstance("RSA").generatePrivate(spec));
    } catch (GeneralSecurityException notRsa) {
      return Optional.empty();
    }
  }

  private static Optional<PrivateKey> ecKey(PKCS8EncodedKeySpec spec) {
    try {
      return Optional.of(KeyFactory.getInstance("EC").generatePrivate(spec));
    } catch (GeneralSecurityException notEc) {
      return Optional.empty();
    }
  }

  /** Trusts servers whose certificate these authorities issued; the host name is checked too. */
  public SSLContext forServers() {
    return context(serverTrust());
  }

  /** The same without looking at names, for certificates that lack the name used. */
  public SSLContext forServersOfAnyName() {
    X509ExtendedTrustManager trust = serverTrust();
    return context(
        new OneWayTrust() {
          @Override
          void check(X509Certificate[] chain, String keyExchange) throws CertificateException {
            trust.checkServerTrusted(chain, keyExchange);
          }
        });
  }

  /**
   * Trusts exactly one certificate, by its bytes: an agent's, as the registrar knows it. Nothing
   * else is asked of it; the Rust agent's has a self-signature that does not verify.
   */
  public SSLContext forAgent(X509Certificate pinned) {
    return context(
        new OneWayTrust() {
          @Override
          void check(X509Certificate[] chain, String keyExchange) throws CertificateException {
            if (!Arrays.equals(chain[0].getEncoded(), pinned.getEncoded())) {
              throw new CertificateException(
                  "the agent shows another certificate than the one it registered");
            }
          }
        });
  }

  private X509ExtendedTrustManager serverTrust() {
    try {
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      for (int i = 0; i < authorities.size(); i++) {
        anchors.setCertificateEntry("ca" + i, authorities.get(i));
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(anchors);
      return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("PKIX is part of every JDK", e);
    }
  }

  private SSLContext context(X509ExtendedTrustManager trust) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          new KeyManager[] {new OneKey(key, chain.toArray(X509Certificate[]::new))},
          new TrustManager[] {trust},
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS is part of every JDK", e);
    }
  }

  /** For clients only. Extended, or the JDK would wrap its own host name check around it. */
  private abstract static class OneWayTrust extends X509ExtendedTrustManager {
    abstract void check(X509Certificate[] chain, String keyExchange) throws CertificateException;

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      checkClientTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      checkClientTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("not a server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /** One key for every peer that asks for a certificate, whichever issuers it names. */
  private static final class OneKey extends X509ExtendedKeyManager {
    private final PrivateKey key;
    private final X509Certificate[] chain;

    OneKey(PrivateKey key, X509Certificate[] chain) {
      this.key = key;
      this.chain = chain;
    }

    @Override
    public String chooseEngineClientAlias(
        String[] types, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return "client";
    }

    @Override
    public String chooseClientAlias(
        String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return "client";
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
    public String[] getClientAliases(String type, Principal @Nullable [] issuers) {
      return new String[] {"client"};
    }

    @Override
    public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }
  }
}
