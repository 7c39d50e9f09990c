package io.limestone.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.keylime.AgentTls;
import io.limestone.keylime.NodeId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.Test;

class HostileAgentTlsTest {
  private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");

  private static SimulatedAgent node() {
    SoftwareTpm tpm = SoftwareTpm.make(KeyKind.ECC256, new TestCa("Unit", NOW));
    return new SimulatedAgent(NodeId.parse("node-1"), tpm);
  }

  @Test
  void presentsTheCertificateThatItRegistersUntilToldOtherwise() throws Exception {
    try (HostileAgent agent = HostileAgent.https(node(), List.of())) {
      AgentTls.Pinned pinned = (AgentTls.Pinned) agent.agentTls();
      X509Certificate seen = handshake(agent);
      assertThat(TestCa.der(seen)).isEqualTo(pinned.certificate());
      assertThatThrownBy(() -> seen.verify(seen.getPublicKey()))
          .as("like the Rust agent's, its self-signature does not verify")
          .isInstanceOf(GeneralSecurityException.class);
      agent.presentOtherCertificate();
      assertThat(TestCa.der(handshake(agent))).isNotEqualTo(pinned.certificate());
      agent.presentOwnCertificate();
      assertThat(TestCa.der(handshake(agent))).isEqualTo(pinned.certificate());
    }
  }

  @Test
  void letsNoClientInWithoutACertificate() throws Exception {
    TestCa ca = new TestCa("Clients", NOW);
    try (HostileAgent agent = HostileAgent.https(node(), List.of(ca.root()))) {
      assertThatThrownBy(
              () -> {
                try (SSLSocket socket = connect(agent)) {
                  socket.startHandshake();
                  socket
                      .getOutputStream()
                      .write(
                          "GET /version HTTP/1.1\r\n\r\n"
                              .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                  assertThat(socket.getInputStream().read()).isNegative();
                  throw new IOException("closed without an answer");
                }
              })
          .isInstanceOf(IOException.class);
      assertThat(agent.requests()).isZero();
    }
  }

  private static X509Certificate handshake(HostileAgent agent) throws Exception {
    try (SSLSocket socket = connect(agent)) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private static SSLSocket connect(HostileAgent agent) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustsAnyone()}, null);
    return (SSLSocket)
        context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), agent.port());
  }

  /** For looking at a peer's certificate, whatever it is. */
  private static final class TrustsAnyone extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
