package io.limestone.server.pki;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** The server's keys and certificates, and whom it trusts. */
public interface Pki {
  Path folder();

  /** The server's key and certificate, for listeners. */
  X509ExtendedKeyManager serverKey();

  /**
   * The client key and certificate that nodes know, for the polling client and the command line.
   */
  X509ExtendedKeyManager clientKey();

  /** Accepts client certificates of the trusted CAs, valid now. */
  X509ExtendedTrustManager clients();

  /** Accepts server certificates of the trusted CAs, valid now; names are not checked. */
  X509ExtendedTrustManager servers();

  /** Server certificate, its chain, and the client certificate, for expiry and display. */
  List<X509Certificate> certificates();
}
