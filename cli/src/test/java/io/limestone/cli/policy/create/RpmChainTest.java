package io.limestone.cli.policy.create;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * From the signature of an RPM repository to the digest of a file, with packages and metadata of
 * the real tools: each link of the chain, broken.
 */
class RpmChainTest {
  private static PackageTools tools;
  private static String repoKey;
  private static String otherKey;
  private static Path hello;
  private static Path signedHello;
  private static Path olderHello;
  private static Path evilHello;

  @TempDir Path folder;
  private Path repository;

  @BeforeAll
  static void packages() throws Exception {
    tools = new PackageTools("gpg", "rpmbuild", "rpmsign", "createrepo_c");
    repoKey = tools.key("repo");
    otherKey = tools.key("other");
    hello = tools.rpm("hello", "2", "good");
    evilHello = tools.rpm("hello", "2", "evil");
    signedHello = Files.copy(hello, tools.folder.resolve("signed.rpm"));
    tools.signRpm(signedHello, "repo");
    olderHello = tools.rpm("hello", "1", "old");
    tools.signRpm(olderHello, "repo");
  }

  @AfterAll
  static void close() throws IOException {
    if (tools != null) {
      tools.close();
    }
  }

  @BeforeEach
  void emptyRepository() throws IOException {
    repository = Files.createDirectory(folder.resolve("repo"));
  }

  private void holds(Path rpm) throws IOException {
    Files.copy(rpm, repository.resolve("hello.rpm"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Metadata of what it holds. */
  private void indexed() throws IOException, InterruptedException {
    tools.run(repository, "createrepo_c", "-q", ".");
  }

  private void signed() throws IOException, InterruptedException {
    indexed();
    sign();
  }

  private void sign() throws IOException, InterruptedException {
    String repomd = repository.resolve("repodata/repomd.xml").toString();
    tools.gpg("-u", "repo", "--armor", "--output", repomd + ".asc", "--detach-sign", repomd);
  }

  /** As a directory, and by a real HTTP server. */
  private List<CommandRun> bothWays(String... options) throws IOException {
    try (FolderServer server = new FolderServer(repository)) {
      return List.of(
          create("--local-rpm-repo", repository.toString(), options),
          create("--remote-rpm-repo", server.address(), options));
    }
  }

  private CommandRun create(String option, String place, String... options) {
    List<String> words = new ArrayList<>(List.of("policy", "create", "runtime", option, place));
    words.addAll(List.of(options));
    words.addAll(List.of("-o", folder.resolve("out").toString()));
    return CommandRun.of(words);
  }

  private static String sha256(String content) {
    return HashAlg.SHA256.digest(Bytes.of(content.getBytes(StandardCharsets.UTF_8))).hex();
  }

  private void all(List<CommandRun> runs, String... says) throws IOException {
    for (CommandRun run : runs) {
      run.exits(0).says(says);
    }
    assertThat(folder.resolve("out")).content().contains("/usr/bin/hello", sha256("good\n"));
    Files.delete(folder.resolve("out"));
  }

  private void refused(List<CommandRun> runs, String... says) {
    for (CommandRun run : runs) {
      run.exits(2).says(says);
    }
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aSignedRepositoryOfSignedPackages() throws Exception {
    holds(signedHello);
    signed();
    all(
        bothWays("--repo-key", repoKey),
        "is signed by",
        "1 packages checked by the signature of their headers, 0 by");
    all(bothWays("--repo-key", repoKey, "--package-key", repoKey), "1 packages checked by");
    refused(bothWays("--repo-key", otherKey), "repomd.xml.asc", "none of the keys");
  }

  @Test
  void unsignedPackagesRestOnTheChecksumsOfSignedMetadata() throws Exception {
    holds(hello);
    signed();
    all(bothWays("--repo-key", repoKey), "0 packages checked by the signature", "1 by their check");
    Files.delete(repository.resolve("repodata/repomd.xml.asc"));
    refused(bothWays("--package-key", repoKey), "hello.rpm", "no signature of its header");
  }

  @Test
  void aPackageSwappedAfterTheMetadataWasSignedIsRefusedAndNamed() throws Exception {
    holds(hello);
    signed();
    holds(evilHello);
    refused(bothWays("--repo-key", repoKey), "hello.rpm", "not the content");
  }

  /** It is as well signed as the new one. */
  @Test
  void aPackageSwappedForAnOlderSignedOneIsRefused() throws Exception {
    holds(signedHello);
    signed();
    holds(olderHello);
    refused(
        bothWays("--repo-key", repoKey),
        "hello.rpm",
        "is hello-0:1-1.noarch",
        "hello-0:2-1.noarch");
  }

  @Test
  void aHeaderThatWasAlteredIsNotTheSignedOne() throws Exception {
    byte[] bytes = Files.readAllBytes(signedHello);
    byte[] digest = sha256("good\n").getBytes(StandardCharsets.US_ASCII);
    int at = 0;
    while (!Arrays.equals(bytes, at, at + 64, digest, 0, 64)) {
      at++;
    }
    byte[] evil = sha256("evil\n").getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(evil, 0, bytes, at, 64);
    Path altered = Files.write(folder.resolve("altered.rpm"), bytes);
    holds(altered);
    indexed();
    refused(bothWays("--package-key", repoKey), "hello.rpm", "header");
  }

  @Test
  void aPackageByAnotherKeyIsRefusedAndNamed() throws Exception {
    holds(signedHello);
    indexed();
    refused(bothWays("--package-key", otherKey), "hello.rpm", "none of the keys");
    all(bothWays("--package-key", repoKey), "its metadata is not signed: packages may be missing");
  }

  @Test
  void aPackageThatSignedMetadataDoesNotListIsRefused() throws Exception {
    holds(hello);
    signed();
    Files.copy(evilHello, repository.resolve("more.rpm"));
    create("--local-rpm-repo", repository.toString(), "--repo-key", repoKey)
        .exits(2)
        .says("more.rpm", "does not list it");
  }

  @Test
  void metadataThatIsNotTheSignedOneIsRefused() throws Exception {
    holds(hello);
    signed();
    Path repomd = repository.resolve("repodata/repomd.xml");
    Files.writeString(repomd, Files.readString(repomd) + "<!-- -->");
    refused(bothWays("--repo-key", repoKey), "repomd.xml.asc", "not a signature of this content");
    sign();
    try (var files = Files.list(repository.resolve("repodata"))) {
      Path primary =
          files
              .filter(file -> file.toString().endsWith("primary.xml.gz"))
              .findFirst()
              .orElseThrow();
      Files.write(primary, new byte[] {1, 2, 3});
    }
    refused(bothWays("--repo-key", repoKey), "primary.xml.gz", "not the content");
    Files.delete(repository.resolve("repodata/repomd.xml.asc"));
    refused(bothWays("--repo-key", repoKey), "is not signed, and --repo-key was given");
  }

  @Test
  void withoutKeysNothingIsCheckedAndThatIsTold() throws Exception {
    holds(signedHello);
    indexed();
    all(bothWays(), "is not signed", "NOT CHECKED: 1 packages");
    sign();
    Files.copy(Path.of(repoKey), repository.resolve("repodata/repomd.xml.key"));
    all(bothWays(), "a key that it brings along", "NOT CHECKED: 1 packages");
  }
}
