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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * The files of an RPM repository (runtime-policy §4.1, "Local RPM repository", "Remote
 * repository"). Metadata is checked against its signature and checksums. Of packages the headers
 * are read, and where a key is given each has to be the right one: {@link RpmTrust}.
 */
final class RpmRepository {
  private static final String REPOMD = "repodata/repomd.xml";

  private final Repository repository;
  private final RepositoryKeys keys;
  private final RpmTrust trust;
  private final Optional<VerificationKeys> signers;
  private final Progress progress;
  private final BiConsumer<String, String> found;
  private int withoutDigests;
  private int signed;

  private RpmRepository(
      Repository repository,
      RepositoryKeys keys,
      RepositoryKeys packageKeys,
      Optional<VerificationKeys> signers,
      Progress progress,
      BiConsumer<String, String> found) {
    this.repository = repository;
    this.keys = keys;
    this.trust = new RpmTrust(repository, keys, packageKeys);
    this.signers = signers;
    this.progress = progress;
    this.found = found;
  }

  /**
   * Hands on every file of the repository with its digest.
   *
   * @param keys that may sign the metadata; if there are none, the repository's own key counts
   * @param packageKeys one of which must have signed each package; if there are none, the metadata
   *     may vouch for them, too
   * @param signers files that one of these keys signed are left out, for the key speaks for them
   */
  static void read(
      Repository repository,
      RepositoryKeys keys,
      RepositoryKeys packageKeys,
      Optional<VerificationKeys> signers,
      Workers workers,
      Progress progress,
      BiConsumer<String, String> found)
      throws IOException, InterruptedException {
    RpmRepository rpm = new RpmRepository(repository, keys, packageKeys, signers, progress, found);
    progress.begin("packages of " + repository);
    try {
      RpmMetadata metadata = rpm.metadata();
      switch (repository) {
        case Repository.Local local -> rpm.local(metadata, local.folder(), workers);
        case Repository.Remote unused -> rpm.remote(metadata, workers);
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
      progress.warn(
          repository
              + (trust.isByPackageKeys()
                  ? ": its metadata is not signed: packages may be missing or old"
                  : " is not signed: whoever can change it decides what is allowed"));
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
    if (files.isPresent() && !trust.isByPackageKeys()) {
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
    workers.each(listed(metadata).iterator(), trust::read, this::take);
  }

  private List<PackageAt> listed(RpmMetadata metadata) throws IOException, InterruptedException {
    Referenced primary = metadata.files().get("primary");
    if (primary == null) {
      throw new MalformedException(REPOMD + ": names neither filelists-ext nor primary");
    }
    try (InputStream in = repository.open(primary.href())) {
      return RpmMetadata.packages(in, primary, Budget.ofMetadata());
    }
  }

  /**
   * A directory's packages are all that lie in it, as for the reference; where the metadata has to
   * vouch for them, none may lie there that it does not list.
   */
  private void local(RpmMetadata metadata, Path folder, Workers workers)
      throws IOException, InterruptedException {
    List<String> packages;
    try (Stream<Path> files = Files.walk(folder)) {
      packages =
          files
              .filter(file -> file.toString().endsWith(".rpm") && Files.isRegularFile(file))
              .map(file -> folder.relativize(file).toString())
              .sorted()
              .toList();
    }
    Map<String, PackageAt> listed = new HashMap<>();
    if (!keys.isEmpty()) {
      for (PackageAt one : listed(metadata)) {
        listed.put(Path.of(one.href()).normalize().toString(), one);
      }
      int all = listed.size();
      listed.keySet().retainAll(Set.copyOf(packages));
      if (listed.size() < all) {
        progress.warn(
            repository
                + ": "
                + (all - listed.size())
                + " packages of its metadata do not lie in it");
      }
      if (listed.size() < packages.size()) {
        throw new MalformedException(
            packages.stream().filter(name -> !listed.containsKey(name)).findFirst().orElseThrow()
                + ": the metadata, which --repo-key has signed, does not list it");
      }
    }
    workers.each(
        packages.iterator(),
        name -> {
          PackageAt one = listed.get(name);
          return one == null
              ? trust.read(new PackageAt(name, "", Optional.empty()))
              : trust.read(one);
        },
        this::take);
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
    progress.warn(repository + ": " + trust.summary());
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
