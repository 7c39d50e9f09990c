package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;

/** The real tools that make and sign packages and repositories, in a folder of their own. */
final class PackageTools implements AutoCloseable {
  final Path folder;

  PackageTools(String... programs) throws IOException {
    for (String program : programs) {
      assumeTrue(Files.isExecutable(Path.of("/usr/bin", program)), "needs " + program);
    }
    folder = // short: the path of gpg's socket is bounded
        Files.createTempDirectory(
            Path.of("/tmp"),
            "pkg",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  String run(Path in, String... command) throws IOException, InterruptedException {
    Path out = folder.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(command).directory(in.toFile());
    builder.environment().put("GNUPGHOME", folder.toString());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("GPG_TTY", "/dev/null");
    Process process =
        builder
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(out.toFile())
            .start();
    int code = process.waitFor();
    String said = Files.readString(out);
    assertThat(code).as(List.of(command) + "%n" + said).isZero();
    return said;
  }

  /** Makes a key that signs; the file with its public part. */
  String key(String name) throws IOException, InterruptedException {
    gpg("--quick-gen-key", name, "rsa2048", "sign", "never");
    String file = folder.resolve(name + ".asc").toString();
    gpg("--armor", "--output", file, "--export", name);
    return file;
  }

  void gpg(String... words) throws IOException, InterruptedException {
    List<String> fixed =
        List.of(
            "gpg",
            "--batch",
            "--yes",
            "--quiet",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "");
    String[] command = new String[fixed.size() + words.length];
    for (int i = 0; i < command.length; i++) {
      command[i] = i < fixed.size() ? fixed.get(i) : words[i - fixed.size()];
    }
    run(folder, command);
  }

  /** An RPM package with one file. */
  Path rpm(String name, String version, String content) throws IOException, InterruptedException {
    Path top = Files.createTempDirectory(folder, "rpm");
    Path spec =
        Files.writeString(
            top.resolve("x.spec"),
            """
            Name: %1$s
            Version: %2$s
            Release: 1
            Summary: x
            License: x
            BuildArch: noarch
            %%description
            x
            %%install
            mkdir -p %%{buildroot}/usr/bin
            echo %3$s > %%{buildroot}/usr/bin/%1$s
            %%files
            /usr/bin/%1$s
            """
                .formatted(name, version, content));
    run(
        top,
        "rpmbuild",
        "-bb",
        "--define",
        "_topdir " + top,
        "--define",
        "_binary_filedigest_algorithm 8",
        "--dbpath",
        top.resolve("db").toString(),
        spec.toString());
    return top.resolve("RPMS/noarch/" + name + "-" + version + "-1.noarch.rpm");
  }

  void signRpm(Path rpm, String key) throws IOException, InterruptedException {
    run(
        folder,
        "rpmsign",
        "--define",
        "_gpg_name " + key,
        "--define",
        "__gpg /usr/bin/gpg",
        "--define",
        "__gpg_sign_cmd %{__gpg} gpg --batch --no-armor --pinentry-mode loopback --passphrase ''"
            + " --no-secmem-warning -u %{_gpg_name} --digest-algo sha256"
            + " -sbo %{__signature_filename} %{__plaintext_filename}",
        "--addsign",
        rpm.toString());
  }

  /** A Debian package with one file. */
  void deb(Path into, String name, String content) throws IOException, InterruptedException {
    Path top = Files.createTempDirectory(folder, "deb");
    Files.createDirectories(top.resolve("DEBIAN"));
    Files.createDirectories(top.resolve("usr/bin"));
    Files.writeString(
        top.resolve("DEBIAN/control"),
        "Package: %s\nVersion: 1\nArchitecture: amd64\nMaintainer: x <x@example.org>\nDescription: x\n"
            .formatted(name));
    Files.writeString(top.resolve("usr/bin/" + name), content);
    Files.setPosixFilePermissions(top, PosixFilePermissions.fromString("rwxr-xr-x"));
    run(
        top,
        "dpkg-deb",
        "--root-owner-group",
        "--build",
        top.toString(),
        into + "/" + name + ".deb");
  }

  @Override
  public void close() throws IOException {
    try {
      run(folder, "gpgconf", "--kill", "all");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
