package io.limestone.systemtest.parts;

import io.limestone.wire.Bytes;
import io.limestone.wire.Pem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Keys and certificates of a folder laid out like Keylime's CA folder, as TLS contexts for tests.
 */
final class Credentials {
  private static final char[] NO_PASSWORD = new char[0];

  private Credentials() {}

  /**
   * TLS with {@code NAME-cert.crt} and {@code NAME-private.pem}; the other side may show any
   * certificate.
   */
  static SSLContext tls(Path folder, String name) throws IOException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, NO_PASSWORD);
      store.setKeyEntry(
          "own",
          privateKey(folder.resolve(name + "-private.pem")),
          NO_PASSWORD,
          new Certificate[] {certificate(folder.resolve(name + "-cert.crt"))});
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store, NO_PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), new TrustManager[] {new AnyPeer()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(folder.toString(), e);
    }
  }

  /** TLS without a certificate of one's own. */
  static SSLContext anonymousTls() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new AnyPeer()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static X509Certificate certificate(Path file)
      throws IOException, GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(block(file).toArray()));
  }

  private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
    PKCS8EncodedKeySpec key = new PKCS8EncodedKeySpec(block(file).toArray());
    try {
      return KeyFactory.getInstance("RSA").generatePrivate(key);
    } catch (java.security.spec.InvalidKeySpecException notRsa) {
      return KeyFactory.getInstance("EC").generatePrivate(key);
    }
  }

  private static Bytes block(Path file) throws IOException {
    return Pem.file(Files.readString(file), 8).getFirst().content();
  }

  /** The tests look at what is said, not at who says it: other tests are about trust. */
  private static final class AnyPeer extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
