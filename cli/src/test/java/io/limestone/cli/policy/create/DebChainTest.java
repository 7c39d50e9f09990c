package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the signature of a Debian repository to the digest of a file: each link, broken. */
class DebChainTest {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'UTC'", Locale.ROOT);

  private static PackageTools tools;
  private static String repoKey;
  private static String otherKey;

  @TempDir Path folder;
  private Path repository;

  @BeforeAll
  static void keys() throws Exception {
    tools = new PackageTools("gpg", "dpkg-deb", "apt-ftparchive");
    repoKey = tools.key("repo");
    otherKey = tools.key("other");
  }

  @AfterAll
  static void close() throws IOException {
    if (tools != null) {
      tools.close();
    }
  }

  @BeforeEach
  void repository() throws Exception {
    repository = Files.createDirectory(folder.resolve("repo"));
    Files.createDirectories(repository.resolve("pool"));
    Files.createDirectories(suite().resolve("main/binary-amd64"));
    tools.deb(repository.resolve("pool"), "hello", "good\n");
    indexed();
    released(1);
  }

  private Path suite() {
    return repository.resolve("dists/stable");
  }

  private void indexed() throws Exception {
    Files.writeString(
        suite().resolve("main/binary-amd64/Packages"),
        tools.run(repository, "apt-ftparchive", "packages", "pool"));
  }

  /** Release and both kinds of signature, good for so many days. */
  private void released(int days) throws Exception {
    Files.deleteIfExists(suite().resolve("InRelease"));
    Files.deleteIfExists(suite().resolve("Release.gpg"));
    Files.deleteIfExists(suite().resolve("Release"));
    String release =
        tools.run(
            suite(),
            "apt-ftparchive",
            "-o",
            "APT::FTPArchive::Release::Suite=stable",
            "release",
            ".");
    String until = DATE.format(ZonedDateTime.now(ZoneOffset.UTC).plusDays(days));
    Files.writeString(
        suite().resolve("Release"),
        release.replaceFirst("(?m)^Date: .*$", "$0\nValid-Until: " + until));
    sign();
  }

  private void sign() throws Exception {
    String file = suite().resolve("Release").toString();
    String signed = suite().resolve("InRelease").toString();
    tools.gpg("-u", "repo", "--output", signed, "--clearsign", file);
    tools.gpg("-u", "repo", "--armor", "--output", file + ".gpg", "--detach-sign", file);
  }

  private List<CommandRun> bothWays(String key) throws IOException {
    try (FolderServer server = new FolderServer(repository)) {
      return List.of(create(repository.toString(), key), create(server.address(), key));
    }
  }

  private CommandRun create(String place, String key) {
    List<String> words =
        new ArrayList<>(
            List.of("policy", "create", "runtime", "--deb-repo", place + " stable main"));
    words.addAll(List.of("--repo-key", key, "-o", folder.resolve("out").toString()));
    return CommandRun.of(words);
  }

  private void good() throws IOException {
    for (CommandRun run : bothWays(repoKey)) {
      run.exits(0).says("is signed by");
    }
    assertThat(folder.resolve("out"))
        .content()
        .contains(
            "/usr/bin/hello",
            HashAlg.SHA256.digest(Bytes.of("good\n".getBytes(StandardCharsets.UTF_8))).hex());
  }

  private void refused(String... says) throws IOException {
    for (CommandRun run : bothWays(repoKey)) {
      run.exits(2).says(says);
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void inReleaseOrReleaseWithItsSignature() throws Exception {
    good();
    Files.delete(suite().resolve("InRelease"));
    good();
    for (CommandRun run : bothWays(otherKey)) {
      run.exits(2).says("Release.gpg", "none of the keys");
    }
    Files.delete(suite().resolve("Release.gpg"));
    Files.delete(folder.resolve("out"));
    refused("is not signed, and --repo-key was given");
  }

  @Test
  void aPackageSwappedAfterTheReleaseWasSignedIsRefusedAndNamed() throws Exception {
    tools.deb(repository.resolve("pool"), "hello", "evil\n");
    refused("pool/hello.deb", "not the content");
  }

  @Test
  void packagesThatAreNotTheOnesOfTheReleaseAreRefused() throws Exception {
    tools.deb(repository.resolve("pool"), "hello", "evil\n");
    indexed();
    refused("Packages", "not the content");
  }

  @Test
  void aReleaseThatIsNotTheSignedOneIsRefused() throws Exception {
    Path inRelease = suite().resolve("InRelease");
    Files.writeString(
        inRelease, Files.readString(inRelease).replace("Suite: stable", "Suite: old"));
    refused("InRelease", "not a signature of this content");
    Files.writeString(inRelease, "Suite: x\n" + Files.readString(inRelease));
    refused("InRelease", "something in front of it");
  }

  /** It was signed well, and is kept back: so are the updates of what it lists. */
  @Test
  void aReleaseWhoseTimeIsOverIsRefused() throws Exception {
    released(-1);
    refused("Release: was only to be believed until");
  }

  @Test
  void anOldReleaseWithoutATimeAndAnotherSuiteAreTold() throws Exception {
    Path release = suite().resolve("Release");
    Files.writeString(
        release,
        Files.readString(release)
            .replaceFirst("Valid-Until: .*\n", "")
            .replaceFirst("Date: .*", "Date: Sat, 06 Jan 2024 08:00:00 UTC")
            .replaceFirst("Suite: .*", "Suite: oldstable"));
    sign();
    good();
    bothWays(repoKey)
        .forEach(
            run ->
                run.says(
                    "its state is of 2024-01-06T08:00:00Z (", "days ago", "signed is oldstable"));
  }
}
