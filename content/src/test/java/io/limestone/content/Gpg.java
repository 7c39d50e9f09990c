package io.limestone.content;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The real {@code gpg} with a home of its own, whose clock stands where a test wants it. */
final class Gpg implements AutoCloseable {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss").withZone(ZoneOffset.UTC);

  private final Path home;
  private Instant time;

  Gpg(Instant time) throws IOException {
    assumeTrue(
        List.of("/usr/bin/gpg", "/usr/local/bin/gpg", "/bin/gpg").stream()
            .anyMatch(path -> Files.isExecutable(Path.of(path))),
        "needs gpg (GnuPG 2.2 or later)");
    this.home = // short: a socket's path is bounded
        Files.createTempDirectory(
            Path.of("/tmp"),
            "gpg",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    this.time = time;
  }

  Gpg at(Instant instant) {
    time = instant;
    return this;
  }

  /** Runs it on an input; what it prints. */
  byte[] run(byte[] input, String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "gpg",
                "--homedir",
                home.toString(),
                "--batch",
                "--quiet",
                "--no-tty",
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                "",
                "--faked-system-time",
                CLOCK.format(time)));
    command.addAll(List.of(words));
    return execute(command, input);
  }

  private byte[] execute(List<String> command, byte[] input)
      throws IOException, InterruptedException {
    Path errors = home.resolve("errors");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Thread reader = Thread.ofVirtual().start(() -> drain(process, out));
    try (var in = process.getOutputStream()) {
      in.write(input);
    }
    int code = process.waitFor();
    reader.join();
    if (code != 0) {
      throw new IOException(command + ": exit " + code + ": " + Files.readString(errors));
    }
    return out.toByteArray();
  }

  private static void drain(Process process, ByteArrayOutputStream out) {
    try {
      process.getInputStream().transferTo(out);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A new key; its fingerprint. */
  String key(String name, String algorithm, String usage, String expires)
      throws IOException, InterruptedException {
    run(new byte[0], "--quick-gen-key", name, algorithm, usage, expires);
    return fingerprints(name).getFirst();
  }

  /** A new subkey of a key; its fingerprint. */
  String subkey(String key, String algorithm, String usage, String expires)
      throws IOException, InterruptedException {
    run(new byte[0], "--quick-add-key", key, algorithm, usage, expires);
    return fingerprints(key).getLast();
  }

  List<String> fingerprints(String key) throws IOException, InterruptedException {
    return new String(
            run(new byte[0], "--with-colons", "--with-subkey-fingerprint", "--list-keys", key),
            StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith("fpr:"))
        .map(line -> line.split(":", -1)[9])
        .toList();
  }

  /** The dialogue of {@code --edit-key}. */
  void edit(String key, String... answers) throws IOException, InterruptedException {
    run(
        Archives.bytes(String.join("\n", answers) + "\n"),
        "--no-batch",
        "--expert",
        "--command-fd",
        "0",
        "--edit-key",
        key);
  }

  /** By the certificate that it made together with the key. */
  void revoke(String key) throws IOException, InterruptedException {
    String certificate =
        Files.readString(home.resolve("openpgp-revocs.d").resolve(key + ".rev"))
            .replace(":-----BEGIN", "-----BEGIN");
    run(Archives.bytes(certificate), "--import");
  }

  byte[] export(String... keys) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("--armor", "--export"));
    words.addAll(List.of(keys));
    return run(new byte[0], words.toArray(String[]::new));
  }

  /** A detached signature, binary; {@code words} may say how. */
  byte[] sign(byte[] content, String key, String... words)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("-u", key + "!"));
    all.addAll(List.of(words));
    all.add("--detach-sign");
    return run(content, all.toArray(String[]::new));
  }

  byte[] clearSign(byte[] content, String key) throws IOException, InterruptedException {
    return run(content, "-u", key + "!", "--clearsign");
  }

  @Override
  public void close() throws IOException {
    try {
      execute(List.of("gpgconf", "--homedir", home.toString(), "--kill", "all"), new byte[0]);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (var files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
