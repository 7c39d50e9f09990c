package io.limestone.cli.policy.create;

import io.limestone.cli.args.CommandFailed;
import io.limestone.content.Budget;
import io.limestone.content.ClearSigned;
import io.limestone.content.Compression;
import io.limestone.content.DebIndex;
import io.limestone.content.DebIndex.Listed;
import io.limestone.content.DebIndex.Release;
import io.limestone.content.DebPackage;
import io.limestone.content.Entry;
import io.limestone.content.FileTree;
import io.limestone.content.RepositoryKeys;
import io.limestone.content.Vouched;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * The files of a Debian repository, given as in sources.list(5): place, suite and components, or
 * {@code ./} for a flat one. Its indexes have no digests of files, so each package is read; every
 * one is checked against Packages, that against Release, and that against its signature.
 */
final class DebRepository {
  private static final List<String> PACKAGES = List.of("Packages.xz", "Packages.gz", "Packages");
  private static final Pattern OUTSIDE_USR =
      Pattern.compile("/(bin|sbin|lib|lib32|lib64|libx32)/.*");

  private final Repository repository;
  private final List<String> suiteAndComponents;
  private final RepositoryKeys keys;
  private final Progress progress;

  private DebRepository(
      Repository repository,
      List<String> suiteAndComponents,
      RepositoryKeys keys,
      Progress progress) {
    this.repository = repository;
    this.suiteAndComponents = suiteAndComponents;
    this.keys = keys;
    this.progress = progress;
  }

  /**
   * Hands on every file of the repository with its digest.
   *
   * @param source {@code PLACE [SUITE COMPONENT…]}
   * @param architecture Debian's word, such as {@code amd64}
   * @param splitUsr whether /bin, /lib and so on are directories of their own, as before Debian 12
   */
  static void read(
      String source,
      String architecture,
      boolean splitUsr,
      RepositoryKeys keys,
      HashAlg alg,
      Workers workers,
      Progress progress,
      BiConsumer<String, String> found)
      throws IOException, InterruptedException {
    List<String> words = List.of(source.strip().split("\\s+", -1));
    Repository repository = Repository.at(words.getFirst());
    List<String> rest = words.size() == 1 ? List.of("./") : words.subList(1, words.size());
    DebRepository deb = new DebRepository(repository, rest, keys, progress);
    progress.begin("packages of " + repository);
    try {
      workers.each(
          deb.packages(architecture).iterator(),
          one -> deb.tree(one, alg),
          tree -> {
            progress.step();
            tree.forEachFile(
                (path, digest, owner) -> found.accept(merged(path, splitUsr), digest.hex()));
          });
    } catch (MalformedException e) {
      throw e.in(repository.toString());
    }
    progress.done();
  }

  /** The kernel measures a file by where it is, not by the link that a package names it through. */
  private static String merged(String path, boolean splitUsr) {
    return !splitUsr && OUTSIDE_USR.matcher(path).matches() ? "/usr" + path : path;
  }

  private List<Listed> packages(String architecture) throws IOException, InterruptedException {
    String suite = suiteAndComponents.getFirst();
    boolean flat = suite.endsWith("/");
    String folder = flat ? suite.replaceFirst("^\\./", "") : "dists/" + suite + "/";
    Map<String, Listed> release = release(suite, folder).files();
    if (flat) {
      return index(folder, "", release);
    }
    List<Listed> all = new ArrayList<>();
    for (String component : suiteAndComponents.subList(1, suiteAndComponents.size())) {
      all.addAll(index(folder, component + "/binary-" + architecture + "/", release));
    }
    if (all.isEmpty()) {
      throw CommandFailed.unusable(
          repository + ": no packages; a suite needs components, as in \"URL bookworm main\"");
    }
    return all;
  }

  private Release release(String suite, String folder) throws IOException, InterruptedException {
    Release release = DebIndex.release(signedRelease(folder));
    if (keys.isEmpty()) {
      progress.warn(repository + ": without --repo-key nobody vouches for what it holds");
      return release;
    }
    RepositorySignature.requireFresh(release, Instant.now(), folder, repository, progress);
    String name = suite.replaceFirst("/updates$", "");
    if (!folder.isEmpty() && !release.names().isEmpty() && !release.names().contains(name)) {
      progress.warn(
          repository
              + ": asked for "
              + Encoding.printable(suite, 80)
              + ", but what it signed is "
              + Encoding.printable(String.join(", ", release.names()), 80));
    }
    return release;
  }

  /** The text of it that was signed, where keys are given. */
  private byte[] signedRelease(String folder) throws IOException, InterruptedException {
    String name = folder + "InRelease";
    Optional<byte[]> inRelease = repository.small(name);
    if (inRelease.isPresent()) {
      ClearSigned signed = parsed(inRelease.get(), name);
      if (!keys.isEmpty()) {
        RepositorySignature.require(keys.verify(signed, Instant.now()), name, repository, progress);
      }
      return signed.text().toArray();
    }
    byte[] release =
        repository
            .small(folder + "Release")
            .orElseThrow(
                () ->
                    CommandFailed.unusable(
                        repository + " is no Debian repository: it has no " + folder + "Release"));
    if (!keys.isEmpty()) {
      byte[] signature =
          repository
              .small(folder + "Release.gpg")
              .orElseThrow(
                  () ->
                      new MalformedException(
                          folder + "Release: is not signed, and --repo-key was given"));
      RepositorySignature.require(
          keys.verify(release, signature, Instant.now()),
          folder + "Release.gpg",
          repository,
          progress);
    }
    return release;
  }

  private static ClearSigned parsed(byte[] inRelease, String name) {
    try {
      return ClearSigned.parse(inRelease);
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }

  private List<Listed> index(String folder, String below, Map<String, Listed> release)
      throws IOException, InterruptedException {
    for (String name : PACKAGES) {
      Listed listed = release.get(below + name);
      if (listed != null) {
        try (Vouched in = vouched(folder + listed.path(), listed)) {
          return in.read(
              content -> DebIndex.packages(Compression.decompressed(content), Budget.ofMetadata()));
        }
      }
    }
    throw new MalformedException("Release: lists no " + below + "Packages");
  }

  private FileTree tree(Listed one, HashAlg alg) throws IOException, InterruptedException {
    try (Vouched in = vouched(one.path(), one)) {
      List<Entry> entries = in.read(deb -> DebPackage.read(deb, alg, Budget.ofFileSystem()));
      FileTree tree = new FileTree();
      tree.apply(entries);
      return tree;
    }
  }

  private Vouched vouched(String href, Listed listed) throws IOException, InterruptedException {
    return new Vouched(
        repository.open(href),
        href,
        HashAlg.SHA256,
        listed.sha256(),
        OptionalLong.of(listed.size()));
  }
}
