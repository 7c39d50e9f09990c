package io.limestone.cli.policy.create;

import io.limestone.cli.args.CommandFailed;
import io.limestone.content.Budget;
import io.limestone.content.Compression;
import io.limestone.content.DebContents;
import io.limestone.content.DebIndex;
import io.limestone.content.DebIndex.Listed;
import io.limestone.content.RpmMetadata;
import io.limestone.content.RpmMetadata.OwnerVisitor;
import io.limestone.content.RpmMetadata.Referenced;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which package holds a file, as the index of a repository says: RPM's {@code filelists}, Debian's
 * {@code Contents}. Names for people: signatures are not looked at.
 */
public final class RepositoryOwners {
  private static final List<String> FILE_LISTS = List.of("filelists", "filelists-ext");

  private RepositoryOwners() {}

  /**
   * Hands on each file and its package.
   *
   * @param source {@code PLACE} of an RPM repository, or {@code PLACE SUITE COMPONENT…} of a Debian
   *     one; a place is a directory or an address
   * @param architecture Debian's word, such as {@code amd64}
   */
  public static void read(String source, String architecture, OwnerVisitor visitor)
      throws IOException, InterruptedException {
    List<String> words = List.of(source.strip().split("\\s+", -1));
    Repository repository = Repository.at(words.getFirst());
    try {
      if (words.size() == 1) {
        rpm(repository, visitor);
      } else {
        for (String component : words.subList(2, words.size())) {
          debian(repository, "dists/" + words.get(1) + "/", component, architecture, visitor);
        }
      }
    } catch (MalformedException e) {
      throw e.in(repository.toString());
    }
  }

  private static void rpm(Repository repository, OwnerVisitor visitor)
      throws IOException, InterruptedException {
    byte[] repomd =
        repository
            .small("repodata/repomd.xml")
            .orElseThrow(
                () ->
                    CommandFailed.unusable(
                        repository
                            + " has no data base of packages: neither dpkg's nor rpm's, nor the"
                            + " index of an RPM repository"));
    Map<String, Referenced> files = RpmMetadata.parse(repomd).files();
    Referenced lists =
        FILE_LISTS.stream()
            .flatMap(type -> Optional.ofNullable(files.get(type)).stream())
            .findFirst()
            .orElseThrow(() -> new MalformedException("repomd.xml: names no filelists"));
    try (InputStream in = repository.open(lists.href())) {
      RpmMetadata.owners(in, lists, Budget.ofMetadata(), visitor);
    }
  }

  private static void debian(
      Repository repository,
      String folder,
      String component,
      String architecture,
      OwnerVisitor visitor)
      throws IOException, InterruptedException {
    byte[] release =
        repository
            .small(folder + "Release")
            .orElseThrow(() -> CommandFailed.unusable(repository + ": no " + folder + "Release"));
    Map<String, Listed> listed = DebIndex.release(release).files();
    String name = "Contents-" + architecture + ".gz";
    String path =
        List.of(component + "/" + name, name).stream()
            .filter(listed::containsKey)
            .findFirst()
            .orElseThrow(() -> new MalformedException("Release: lists no " + name));
    try (InputStream in = repository.open(folder + path)) {
      DebContents.read(
          Compression.decompressed(in),
          Budget.ofMetadata(),
          (file, owner) -> visitor.file(file, owner, ""));
    }
  }
}
