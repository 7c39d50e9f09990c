package io.limestone.testkit;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/** Presents whichever certificate is set when a handshake comes. */
final class AgentKeyManager extends X509ExtendedKeyManager {
  private static final String ALIAS = "agent";

  private volatile AgentCertificate current;

  AgentKeyManager(AgentCertificate first) {
    this.current = first;
  }

  void present(AgentCertificate certificate) {
    this.current = certificate;
  }

  @Override
  public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
    return ALIAS;
  }

  @Override
  public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
    return ALIAS;
  }

  @Override
  public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
    return ALIAS;
  }

  @Override
  public String[] getServerAliases(String keyType, Principal[] issuers) {
    return new String[] {ALIAS};
  }

  @Override
  public String[] getClientAliases(String keyType, Principal[] issuers) {
    return new String[] {ALIAS};
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return new X509Certificate[] {current.certificate()};
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return current.key();
  }
}
