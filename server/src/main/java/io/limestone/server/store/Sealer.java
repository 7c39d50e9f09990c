package io.limestone.server.store;

import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;

/**
 * Seals secrets that lie in the database (V, revocation keys, activation secrets) with AES-256-GCM
 * under a key file outside of it. The context (table, column, id) is authenticated: a sealed value
 * moved to another row does not open.
 */
public final class Sealer {
  private Sealer() {}

  /** The key in {@code file}, made if it is not there; refuses a file that others can read. */
  public static Sealer ofKeyFile(Path file, SecureRandom random) throws IOException {
    throw new UnsupportedOperationException();
  }

  public Bytes seal(Secret secret, String context) {
    throw new UnsupportedOperationException();
  }

  /**
   * The secret that was sealed in this context.
   *
   * @throws SealBroken if it was not, or under another key
   */
  public Secret open(Bytes sealed, String context) {
    throw new UnsupportedOperationException();
  }
}
