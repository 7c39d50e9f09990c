package io.limestone.cli.policy.create;

import io.limestone.cli.args.CommandFailed;
import io.limestone.content.Budget;
import io.limestone.content.RepositoryKeys;
import io.limestone.content.RpmMetadata;
import io.limestone.content.RpmMetadata.PackageAt;
import io.limestone.content.RpmMetadata.Referenced;
import io.limestone.content.RpmPackage;
import io.limestone.content.RpmPackage.PackagedFile;
import io.limestone.policy.VerificationKeys;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * The files of an RPM repository (runtime-policy §4.1, "Local RPM repository", "Remote
 * repository"). Metadata is checked against its signature and checksums; of packages only the
 * headers are read.
 */
final class RpmRepository {
  private static final String REPOMD = "repodata/repomd.xml";

  /** More than most headers take, so that one request does. */
  private static final int FIRST = 24 * 1024;

  private final Repository repository;
  private final RepositoryKeys keys;
  private final Optional<VerificationKeys> signers;
  private final Progress progress;
  private final BiConsumer<String, String> found;
  private int withoutDigests;
  private int signed;

  private RpmRepository(
      Repository repository,
      RepositoryKeys keys,
      Optional<VerificationKeys> signers,
      Progress progress,
      BiConsumer<String, String> found) {
    this.repository = repository;
    this.keys = keys;
    this.signers = signers;
    this.progress = progress;
    this.found = found;
  }

  /**
   * Hands on every file of the repository with its digest.
   *
   * @param keys that may sign the metadata; if there are none, the repository's own key counts
   * @param signers files that one of these keys signed are left out, for the key speaks for them
   */
  static void read(
      Repository repository,
      RepositoryKeys keys,
      Optional<VerificationKeys> signers,
      Workers workers,
      Progress progress,
      BiConsumer<String, String> found)
      throws IOException, InterruptedException {
    RpmRepository rpm = new RpmRepository(repository, keys, signers, progress, found);
    progress.begin("packages of " + repository);
    try {
      RpmMetadata metadata = rpm.metadata();
      switch (repository) {
        case Repository.Local local -> rpm.headers(local.folder(), workers);
        case Repository.Remote remote -> rpm.remote(metadata, workers);
      }
    } catch (MalformedException e) {
      throw e.in(repository.toString());
    }
    progress.done();
    rpm.tell();
  }

  private RpmMetadata metadata() throws IOException, InterruptedException {
    byte[] repomd =
        repository
            .small(REPOMD)
            .orElseThrow(
                () ->
                    CommandFailed.unusable(
                        repository + " is no RPM repository: it has no " + REPOMD));
    Optional<byte[]> signature = repository.small(REPOMD + ".asc");
    if (signature.isPresent()) {
      RepositorySignature.require(
          signers().verify(repomd, signature.get(), Instant.now()),
          REPOMD + ".asc",
          repository,
          progress);
    } else if (keys.isEmpty()) {
      progress.warn(repository + " is not signed: whoever can change it decides what is allowed");
    } else {
      throw new MalformedException(REPOMD + ": is not signed, and --repo-key was given");
    }
    return RpmMetadata.parse(repomd);
  }

  private RepositoryKeys signers() throws IOException, InterruptedException {
    if (!keys.isEmpty()) {
      return keys;
    }
    progress.warn(
        repository + " is signed by a key that it brings along; --repo-key says whose it must be");
    byte[] key =
        repository
            .small(REPOMD + ".key")
            .orElseThrow(
                () ->
                    new MalformedException(
                        REPOMD + " is signed, but there is no " + REPOMD + ".key; use --repo-key"));
    return new RepositoryKeys().add(key);
  }

  private void remote(RpmMetadata metadata, Workers workers)
      throws IOException, InterruptedException {
    Optional<Referenced> files = Optional.ofNullable(metadata.files().get("filelists-ext"));
    if (files.isPresent()) {
      try (InputStream in = repository.open(files.get().href())) {
        RpmMetadata.files(
            in,
            files.get(),
            Budget.ofMetadata(),
            (path, digest) -> {
              if (!digest.isEmpty() && !digest.isAll(0)) {
                found.accept(path, digest.hex());
              }
            });
      }
      return;
    }
    Referenced primary = metadata.files().get("primary");
    if (primary == null) {
      throw new MalformedException(REPOMD + ": names neither filelists-ext nor primary");
    }
    List<PackageAt> packages;
    try (InputStream in = repository.open(primary.href())) {
      packages = RpmMetadata.packages(in, primary, Budget.ofMetadata());
    }
    workers.each(packages.iterator(), one -> fetched(one.href()), this::take);
  }

  /** A directory's packages are all that lie in it, listed or not. */
  private void headers(Path folder, Workers workers) throws IOException, InterruptedException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<String> packages =
          files
              .filter(file -> file.toString().endsWith(".rpm") && Files.isRegularFile(file))
              .map(file -> folder.relativize(file).toString())
              .sorted()
              .toList();
      workers.each(packages.iterator(), this::fetched, this::take);
    }
  }

  /** The headers, in one request as a rule, and never more than they say that they take. */
  private RpmPackage fetched(String href) throws IOException, InterruptedException {
    try {
      byte[] start = repository.range(href, 0, FIRST);
      int needed = RpmPackage.bytesNeeded(start);
      while (needed > start.length) {
        byte[] more = repository.range(href, start.length, needed);
        if (more.length == 0) {
          throw new MalformedException("RPM headers: ends within them");
        }
        byte[] longer = java.util.Arrays.copyOf(start, start.length + more.length);
        System.arraycopy(more, 0, longer, start.length, more.length);
        start = longer;
        needed = RpmPackage.bytesNeeded(start);
      }
      return RpmPackage.parse(start);
    } catch (MalformedException e) {
      throw e.in(Encoding.printable(href, 200));
    }
  }

  private void take(RpmPackage rpm) {
    progress.step();
    if (rpm.digestAlg().isEmpty() && !rpm.files().isEmpty()) {
      withoutDigests++;
      progress.detail(
          Encoding.printable(rpm.name(), 80) + ": digests are md5, which no policy holds");
      return;
    }
    for (PackagedFile file : rpm.files()) {
      if (signers.isPresent() && file.isSignedBy(signers.get(), rpm.digestAlg().orElseThrow())) {
        signed++;
      } else {
        found.accept(file.path(), file.digest().hex());
      }
    }
  }

  private void tell() {
    if (withoutDigests > 0) {
      progress.warn(
          withoutDigests
              + " packages of "
              + repository
              + " have md5 digests, which no policy can hold: they are left out (-v names them)");
    }
    if (signers.isPresent()) {
      progress.warn(signed + " files of " + repository + " are left to the keys that signed them");
    }
  }
}
