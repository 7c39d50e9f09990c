package io.limestone.systemtest.parts;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where this source checkout is, and where things are kept between runs. */
public final class Checkout {
  public static final Path ROOT = root();

  private Checkout() {}

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("system-test/peers"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new IllegalStateException("not in a checkout: " + Path.of("").toAbsolutePath());
      }
    }
    return folder;
  }

  /** {@code $XDG_CACHE_HOME/limestone}, or {@code ~/.cache/limestone}. */
  public static Path cache() {
    String xdg = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    Path base = xdg.startsWith("/") ? Path.of(xdg) : Path.of(home(), ".cache");
    return base.resolve("limestone");
  }

  private static String home() {
    return System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
  }
}
