package io.limestone.server.store;

import org.jspecify.annotations.Nullable;

/** A sealed value that does not open: changed, moved to another place, or of another key. */
public final class SealBroken extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SealBroken(String context, @Nullable Throwable cause) {
    super("sealed value does not open: " + context, cause);
  }
}
