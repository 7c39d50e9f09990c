package io.limestone.cli.policy.create;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountedCompleter;
import java.util.concurrent.ForkJoinPool;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The files below a directory that is, or will be, the root of a machine (runtime-policy §4.1,
 * "File system scan"): regular files that root owns, apart from what changes while a machine runs.
 *
 * <p>Each directory is a task, and so is each batch of its files: threads without work steal from
 * the others, and results stay where they belong in the tree, so that their order is always the
 * same.
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

  /** Threads for each core: while one waits for the disk, another hashes. */
  private static final int PER_CORE = 3;

  private static final int BATCH_FILES = 64;
  private static final long BATCH_BYTES = 4 << 20;

  private final Path root;
  private final boolean allOwners;
  private final HashAlg alg;
  private final Set<String> excluded;
  private final Progress progress;
  private final List<String> unreadable = Collections.synchronizedList(new ArrayList<>());

  private RootFileSystem(
      Path root, boolean allOwners, HashAlg alg, Set<String> excluded, Progress progress) {
    this.root = root;
    this.allOwners = allOwners;
    this.alg = alg;
    this.excluded = excluded;
    this.progress = progress;
  }

  /**
   * Hashes the files and hands them on: those of a directory by name, then those of the directories
   * in it.
   *
   * @param skip further directories, absolute or relative to the working directory
   */
  static void read(
      Path folder,
      List<Path> skip,
      boolean allOwners,
      HashAlg alg,
      Progress progress,
      BiConsumer<String, String> found)
      throws IOException {
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
    new RootFileSystem(root, allOwners, alg, excluded, progress).read(found);
  }

  private void read(BiConsumer<String, String> found) throws IOException {
    progress.begin("files below " + root);
    Folder all = new Folder(null, root, "");
    try (ForkJoinPool threads =
        new ForkJoinPool(Runtime.getRuntime().availableProcessors() * PER_CORE)) {
      threads.invoke(all);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    progress.done();
    tell(all, found);
    tellUnreadable();
  }

  /** Without recursion, as all here: a hostile tree may be thousands of directories deep. */
  private static void tell(Folder all, BiConsumer<String, String> found) {
    Deque<Folder> ahead = new ArrayDeque<>(List.of(all));
    while (!ahead.isEmpty()) {
      Folder folder = ahead.pop();
      folder.batches.forEach(batch -> batch.tell(found));
      folder.folders.reversed().forEach(ahead::push);
    }
  }

  /** A directory and all below it. Its name is relative to the root, with a slash in front. */
  private final class Folder extends CountedCompleter<Void> {
    private static final long serialVersionUID = 1L;

    private final transient Path path;
    private final String name;
    private final transient List<Batch> batches = new ArrayList<>();
    private final transient List<Folder> folders = new ArrayList<>();

    Folder(@Nullable Folder above, Path path, String name) {
      super(above);
      this.path = path;
      this.name = name;
    }

    @Override
    public void compute() {
      list();
      setPendingCount(batches.size() + folders.size());
      folders.forEach(Folder::fork);
      batches.forEach(Batch::fork);
      tryComplete();
    }

    private void list() {
      List<Path> children = new ArrayList<>();
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(path)) {
        stream.forEach(children::add);
      } catch (FileSystemException e) {
        if (name.isEmpty()) {
          throw new UncheckedIOException(e);
        }
        unreadable.add(path + "/");
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (DirectoryIteratorException e) {
        throw new UncheckedIOException(e.getCause());
      }
      Collections.sort(children);
      for (Path child : children) {
        add(child);
      }
    }

    private void add(Path child) {
      Map<String, Object> status;
      try {
        status = Files.readAttributes(child, "unix:mode,uid,size", LinkOption.NOFOLLOW_LINKS);
      } catch (NoSuchFileException e) {
        return; // gone since the directory was read
      } catch (IOException e) {
        unreadable.add(child.toString());
        return;
      }
      int type = (int) status.getOrDefault("mode", 0) & TYPE;
      String childName = name + "/" + child.getFileName();
      if (type == DIRECTORY && !excluded.contains(childName)) {
        folders.add(new Folder(this, child, childName));
      } else if (type == REGULAR && (allOwners || status.getOrDefault("uid", -1).equals(0))) {
        if (childName.indexOf('\ufffd') >= 0) {
          unreadable.add(child + " (its name is not UTF-8)");
          return;
        }
        if (batches.isEmpty() || batches.getLast().isFull()) {
          batches.add(new Batch(this));
        }
        batches.getLast().add(child, childName, (long) status.getOrDefault("size", 0L));
      }
    }
  }

  /** Some files of a directory, enough to be worth a task. */
  private final class Batch extends CountedCompleter<Void> {
    private static final long serialVersionUID = 1L;

    private final transient List<Path> files = new ArrayList<>();
    private final transient List<String> names = new ArrayList<>();
    private final transient List<String> digests = new ArrayList<>();
    private long bytes;

    Batch(Folder folder) {
      super(folder);
    }

    boolean isFull() {
      return files.size() >= BATCH_FILES || bytes >= BATCH_BYTES;
    }

    void add(Path file, String name, long size) {
      files.add(file);
      names.add(name);
      bytes += size;
    }

    @Override
    public void compute() {
      MessageDigest hash = alg.newDigest();
      for (Path file : files) {
        progress.step();
        try {
          FileHash.feed(file, hash);
          digests.add(Encoding.hex(hash.digest()));
        } catch (IOException e) {
          hash.reset();
          digests.add("");
          unreadable.add(file.toString());
        }
      }
      files.clear();
      tryComplete();
    }

    void tell(BiConsumer<String, String> found) {
      for (int i = 0; i < names.size(); i++) {
        if (!digests.get(i).isEmpty()) {
          found.accept(names.get(i), digests.get(i));
        }
      }
    }
  }

  private void tellUnreadable() {
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
