package io.limestone.server.verifier;

import io.limestone.wire.Bytes;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts a node's server certificate if, and only if, it is the very one that was enrolled, byte
 * for byte. Nothing else of the certificate counts: the Rust agent's self-signature does not even
 * verify. It extends X509ExtendedTrustManager so that nobody wraps host-name checks around it. The
 * client's own certificate is sent only after this has accepted the peer.
 */
final class Pins extends X509ExtendedTrustManager {
  private final Map<String, Bytes> certificates = new ConcurrentHashMap<>();

  void pin(String connectionName, Bytes certificate) {
    certificates.put(connectionName, certificate);
  }

  void forget(String connectionName) {
    certificates.remove(connectionName);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    String name = engine.getPeerHost();
    Bytes pin = name == null ? null : certificates.get(name);
    if (pin == null || chain.length == 0 || !pin.equals(Bytes.of(chain[0].getEncoded()))) {
      throw new CertificateException("not the certificate that the node was enrolled with");
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("a pin needs to know the peer");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a pin needs to know the peer");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("clients do not call here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("clients do not call here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("clients do not call here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
