package io.limestone.keylime;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.util.Locale;

/**
 * How an agent is spoken to ({@code mtls_cert}): over TLS with exactly one certificate, pinned by
 * its bytes, or in the clear.
 */
public sealed interface AgentTls {
  /**
   * The agent's server certificate, DER. Never check its self-signature: the Rust agent's own does
   * not verify (pull-protocol.md section 7.1).
   */
  record Pinned(Bytes certificate) implements AgentTls {
    @Override
    public String wire() {
      return Pem.text(Pem.CERTIFICATE, certificate);
    }
  }

  /** The agent runs without TLS: the word {@code disabled}. */
  record Disabled() implements AgentTls {
    @Override
    public String wire() {
      return "disabled";
    }
  }

  /** PEM or {@code disabled}. */
  String wire();

  /**
   * Reads PEM (the first certificate counts), base64 of DER, or {@code disabled} in any case.
   *
   * @throws MalformedException on anything else
   */
  static AgentTls parse(String text) {
    return text.toLowerCase(Locale.ROOT).equals("disabled")
        ? new Disabled()
        : new Pinned(Certificates.one(text));
  }
}
