package io.limestone.server.verifier;

import io.limestone.keylime.AgentTls;
import io.limestone.keylime.NodeId;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;

/**
 * Where a node's agent listens, and as whom it must identify itself.
 *
 * @param address IP address or host name
 */
record Peer(NodeId id, String address, int port, AgentTls tls) {

  /**
   * The name under which connections and TLS sessions to it are kept: another pin is another name,
   * so that neither a kept connection nor a resumed session outlives a changed pin. It has no dot,
   * and is therefore not sent as a server name.
   */
  String connectionName() {
    Bytes pin =
        switch (tls) {
          case AgentTls.Pinned(Bytes certificate) -> certificate;
          case AgentTls.Disabled d -> Bytes.EMPTY;
        };
    Bytes digest =
        HashAlg.SHA256.digest(Bytes.of((id.value() + "\0").getBytes(StandardCharsets.UTF_8)), pin);
    return "node-" + digest.hex().substring(0, 48);
  }

  /** {@code address:port}, an IPv6 address in brackets. */
  String authority() {
    return (address.contains(":") ? "[" + address + "]" : address) + ":" + port;
  }
}
