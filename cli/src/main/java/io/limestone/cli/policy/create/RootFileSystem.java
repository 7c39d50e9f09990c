package io.limestone.cli.policy.create;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * The files below a directory that is, or will be, the root of a machine (runtime-policy §4.1,
 * "File system scan"): regular files that root owns, apart from what changes while a machine runs.
 */
final class RootFileSystem {
  /** Relative to the root; nothing in them is meant to be executed, or they are not of the disk. */
  static final List<String> NEVER =
      List.of(
          "/sys",
          "/run",
          "/proc",
          "/lost+found",
          "/dev",
          "/media",
          "/snap",
          "/mnt",
          "/var",
          "/tmp");

  private static final int TYPE = 0170000;
  private static final int REGULAR = 0100000;
  private static final int DIRECTORY = 0040000;
  private static final int MOST_TOLD = 10;

  private final Path root;
  private final boolean allOwners;
  private final Set<String> excluded;
  private final Progress progress;
  private final List<String> unreadable = Collections.synchronizedList(new ArrayList<>());

  private RootFileSystem(Path root, boolean allOwners, Set<String> excluded, Progress progress) {
    this.root = root;
    this.allOwners = allOwners;
    this.excluded = excluded;
    this.progress = progress;
  }

  /**
   * Hashes the files and hands them on in the order of their names.
   *
   * @param skip further directories, absolute or relative to the working directory
   */
  static void read(
      Path folder,
      List<Path> skip,
      boolean allOwners,
      HashAlg alg,
      Workers workers,
      Progress progress,
      BiConsumer<String, String> found)
      throws IOException, InterruptedException {
    Path root = folder.toAbsolutePath().normalize();
    Set<String> excluded = new HashSet<>(NEVER);
    for (Path one : skip) {
      Path absolute = one.toAbsolutePath().normalize();
      if (root.startsWith(absolute)) {
        progress.warn("--skip-path " + one + " is " + root + " or above it: no files from there");
        return;
      }
      if (absolute.startsWith(root)) {
        excluded.add("/" + root.relativize(absolute));
      } else {
        progress.warn("--skip-path " + one + " is not below " + root + ", and is passed over");
      }
    }
    for (Path mount : Mounts.ofOtherKindThan(root)) {
      excluded.add("/" + root.relativize(mount));
    }
    new RootFileSystem(root, allOwners, excluded, progress).read(alg, workers, found);
  }

  private void read(HashAlg alg, Workers workers, BiConsumer<String, String> found)
      throws IOException, InterruptedException {
    progress.begin("files below " + root);
    List<Path> files = new ArrayList<>();
    collect(root, files);
    workers.each(
        files.iterator(),
        file -> Map.entry(file, hash(file, alg)),
        hashed -> {
          if (!hashed.getValue().isEmpty()) {
            found.accept(name(hashed.getKey()), hashed.getValue());
          }
        });
    progress.done();
    tell();
  }

  /** The digest, or nothing if the file cannot be read. */
  private String hash(Path file, HashAlg alg) {
    progress.step();
    try {
      return FileHash.of(file, alg);
    } catch (IOException e) {
      unreadable.add(file.toString());
      return "";
    }
  }

  private String name(Path file) {
    return root.getNameCount() == 0 ? file.toString() : "/" + root.relativize(file);
  }

  private void collect(Path folder, List<Path> files) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(children::add);
    } catch (FileSystemException e) {
      if (folder.equals(root)) {
        throw e;
      }
      unreadable.add(folder + "/");
      return;
    }
    Collections.sort(children);
    List<Path> folders = new ArrayList<>();
    for (Path child : children) {
      Map<String, Object> status;
      try {
        status = Files.readAttributes(child, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
      } catch (FileSystemException e) {
        continue; // gone since the directory was read
      }
      int type = (int) status.getOrDefault("mode", 0) & TYPE;
      if (type == DIRECTORY && !excluded.contains(name(child))) {
        folders.add(child);
      } else if (type == REGULAR && (allOwners || status.getOrDefault("uid", -1).equals(0))) {
        if (child.toString().indexOf('\ufffd') < 0) {
          files.add(child);
        } else {
          unreadable.add(child + " (its name is not UTF-8)");
        }
      }
    }
    for (Path inner : folders) {
      collect(inner, files);
    }
  }

  private void tell() {
    if (!unreadable.isEmpty()) {
      progress.warn(
          unreadable.size()
              + " files or directories below "
              + root
              + " could not be read, and are not in the policy:");
      unreadable.stream()
          .sorted()
          .limit(MOST_TOLD)
          .forEach(one -> progress.warn("  " + Encoding.printable(one, 300)));
      if (unreadable.size() > MOST_TOLD) {
        progress.warn("  and " + (unreadable.size() - MOST_TOLD) + " more");
      }
    }
  }
}
