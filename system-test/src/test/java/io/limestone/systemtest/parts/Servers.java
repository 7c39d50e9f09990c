package io.limestone.systemtest.parts;

import java.io.IOException;
import java.nio.file.Path;

/** A running registrar and verifier, Keylime's or ours: what a story needs to know of them. */
public interface Servers extends AutoCloseable {
  /** The folder with CA, server and client certificates, under the names of Keylime's CA folder. */
  Path caFolder();

  /** Plain HTTP, for agents. */
  int registrarPort();

  int registrarTlsPort();

  int verifierPort();

  /** The verifier, with the administrator's certificate. */
  default Rest verifier() throws IOException {
    return Rest.admin(caFolder(), verifierPort());
  }

  /** The registrar over TLS, with the administrator's certificate. */
  default Rest registrar() throws IOException {
    return Rest.admin(caFolder(), registrarTlsPort());
  }

  /** Keylime's tenant for these servers, trusting EK certificates of the CAs in {@code ekRoots}. */
  KeylimeTenant tenant(Path ekRoots) throws IOException;

  @Override
  void close();
}
