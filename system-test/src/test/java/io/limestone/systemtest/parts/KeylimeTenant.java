package io.limestone.systemtest.parts;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The real {@code keylime_tenant}, configured for one pair of servers. */
public final class KeylimeTenant {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final KeylimePackage keylime;
  private final Path folder;
  private final Map<String, String> environment;

  KeylimeTenant(KeylimePackage keylime, Path folder, Map<String, String> environment) {
    this.keylime = keylime;
    this.folder = folder;
    this.environment = environment;
  }

  /** Runs one command to its end, whatever its end is: {@code command("cvstatus", "-u", id)}. */
  public Program.Ended command(String name, String... arguments) {
    List<String> words = new ArrayList<>(List.of(keylime.program("keylime_tenant"), "-c", name));
    words.addAll(List.of(arguments));
    return Program.run("tenant", folder, environment, words, PATIENCE);
  }
}
