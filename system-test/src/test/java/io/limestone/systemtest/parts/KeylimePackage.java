package io.limestone.systemtest.parts;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The real Keylime, installed by pip into a virtual environment that is kept for the next run. */
public final class KeylimePackage {
  private static final Path PEERS = Checkout.ROOT.resolve("system-test/peers");
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)}");
  private static final Path DEBIAN_GPG = Path.of("/usr/lib/python3/dist-packages/gpg");

  private final Path programs;

  private KeylimePackage(Path programs) {
    this.programs = programs;
  }

  /** Installs it, unless an earlier run has. */
  public static KeylimePackage installed() throws IOException {
    Path requirements = PEERS.resolve("requirements.txt");
    String hash = HashAlg.SHA256.digest(Bytes.of(Files.readAllBytes(requirements))).hex();
    Path cache = Files.createDirectories(Checkout.cache());
    Path folder = cache.resolve("keylime-" + hash.substring(0, 12));
    Path complete = folder.resolve("complete");
    // One installs, the others wait; the lock goes with the channel.
    try (FileChannel file =
        FileChannel.open(
            cache.resolve("keylime.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.lock();
      if (!Files.exists(complete)) {
        install(cache, folder, requirements);
        Files.createFile(complete);
      }
    }
    return new KeylimePackage(folder.resolve("bin"));
  }

  private static void install(Path cache, Path folder, Path requirements) throws IOException {
    if (!Files.isDirectory(DEBIAN_GPG)) {
      throw new IOException("Debian's python3-gpg is missing; bin/test installs it");
    }
    // Debian's own Python, whatever else is on the PATH: python3-gpg is built for it.
    pip(cache, List.of("/usr/bin/python3", "-m", "venv", "--clear", folder.toString()));
    pip(
        cache,
        List.of(
            folder.resolve("bin/pip").toString(),
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
            requirements.toString()));
    try (var libraries = Files.newDirectoryStream(folder.resolve("lib"), "python3*")) {
      Files.createSymbolicLink(
          libraries.iterator().next().resolve("site-packages/gpg"), DEBIAN_GPG);
    }
  }

  private static void pip(Path folder, List<String> command) {
    Program.run("pip", folder, Map.of(), command, Duration.ofMinutes(10)).succeeded();
  }

  /** The path of one of its programs. */
  public String program(String name) {
    return programs.resolve(name).toString();
  }

  /**
   * Writes the configuration files and returns the environment that makes the programs read them.
   *
   * @param home the programs' working folder ({@code KEYLIME_DIR})
   * @param values for the placeholders in peers/*.conf; a file with a placeholder that has none is
   *     left out
   */
  public Map<String, String> configure(Path home, Map<String, String> values) throws IOException {
    Path etc = Files.createDirectories(home.resolve("etc"));
    Map<String, String> environment = new HashMap<>(Map.of("KEYLIME_DIR", home.toString()));
    for (String part : List.of("verifier", "registrar", "tenant", "ca", "logging")) {
      String text = Files.readString(PEERS.resolve(part + ".conf"));
      Matcher placeholders = PLACEHOLDER.matcher(text);
      if (placeholders.results().allMatch(p -> values.containsKey(p.group(1)))) {
        Path file = etc.resolve(part + ".conf");
        Files.writeString(
            file,
            PLACEHOLDER
                .matcher(text)
                .replaceAll(p -> Matcher.quoteReplacement(values.get(p.group(1)))));
        environment.put(
            "KEYLIME_" + part.toUpperCase(java.util.Locale.ROOT) + "_CONFIG", file.toString());
      }
    }
    return environment;
  }
}
