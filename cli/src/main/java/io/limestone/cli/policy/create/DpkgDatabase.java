package io.limestone.cli.policy.create;

import io.limestone.cli.args.CommandFailed;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * The files that dpkg installed below a root: those of {@code var/lib/dpkg/info/*.list}, hashed as
 * they are on disk, for the data base has nothing better than md5. Where the package's md5 is known
 * and another, the file was changed after installation: it is left out, and told.
 */
final class DpkgDatabase {
  private static final int MOST_TOLD = 10;

  private DpkgDatabase() {}

  private record Hashed(String path, String digest, State state) {}

  private enum State {
    AS_INSTALLED,
    CHANGED,
    UNREADABLE
  }

  static void read(
      Path folder,
      HashAlg alg,
      Workers workers,
      Progress progress,
      BiConsumer<String, String> found)
      throws IOException, InterruptedException {
    Path root = folder.toRealPath();
    Map<String, String> md5 = new HashMap<>();
    TreeSet<String> listed = new TreeSet<>();
    Path info = root.resolve("var/lib/dpkg/info");
    if (!Files.isDirectory(info)) {
      throw CommandFailed.unusable(folder + " has no dpkg data base: there is no " + info);
    }
    try (DirectoryStream<Path> lists = Files.newDirectoryStream(info, "*.{list,md5sums}")) {
      for (Path list : lists) {
        for (String line : Files.readString(list, StandardCharsets.ISO_8859_1).split("\n", -1)) {
          String text =
              new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
          if (list.toString().endsWith(".list")) {
            if (text.startsWith("/") && !text.equals("/.")) {
              listed.add(text);
            }
          } else if (text.length() > 34) {
            md5.put("/" + text.substring(34).strip(), text.substring(0, 32));
          }
        }
      }
    }
    progress.begin("files of packages below " + root);
    Map<Path, String> files = existing(root, listed, md5);
    List<String> changed = new ArrayList<>();
    List<String> unreadable = new ArrayList<>();
    workers.each(
        files.entrySet().iterator(),
        file -> hash(root, file.getKey(), file.getValue(), alg),
        hashed -> {
          progress.step();
          switch (hashed.state) {
            case AS_INSTALLED -> found.accept(hashed.path, hashed.digest);
            case CHANGED -> changed.add(hashed.path);
            case UNREADABLE -> unreadable.add(hashed.path);
          }
        });
    progress.done();
    tell(root, "are not what their packages brought", changed, progress);
    tell(root, "could not be read", unreadable, progress);
  }

  /** Regular files by their real places, which is how the kernel names them, with their md5. */
  private static Map<Path, String> existing(Path root, Set<String> listed, Map<String, String> md5)
      throws IOException {
    Map<Path, String> files = new TreeMap<>();
    for (String one : listed) {
      Optional<Path> real = real(root, one);
      if (real.isPresent()) {
        files.putIfAbsent(real.get(), md5.getOrDefault(one, ""));
      }
    }
    return files;
  }

  /** Nothing for what is no regular file, was removed since, or lies outside of the root. */
  private static Optional<Path> real(Path root, String listed) throws IOException {
    try {
      Path path = root.resolve(listed.substring(1));
      return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
          ? Optional.of(path.toRealPath()).filter(real -> real.startsWith(root))
          : Optional.empty();
    } catch (NoSuchFileException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static Hashed hash(Path root, Path file, String md5, HashAlg alg) throws IOException {
    MessageDigest digest = alg.newDigest();
    MessageDigest installed = md5();
    String path = root.getNameCount() == 0 ? file.toString() : "/" + root.relativize(file);
    try {
      if (md5.isEmpty()) { // a configuration file: it has none
        FileHash.feed(file, digest);
      } else {
        FileHash.feed(file, digest, installed);
      }
    } catch (AccessDeniedException e) {
      return new Hashed(path, "", State.UNREADABLE);
    }
    boolean same = md5.isEmpty() || Encoding.hex(installed.digest()).equals(md5);
    return new Hashed(
        path, Encoding.hex(digest.digest()), same ? State.AS_INSTALLED : State.CHANGED);
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void tell(Path root, String what, List<String> files, Progress progress) {
    if (!files.isEmpty()) {
      progress.warn(
          files.size() + " files below " + root + " " + what + ", and are not in the policy:");
      files.stream()
          .limit(MOST_TOLD)
          .forEach(one -> progress.warn("  " + Encoding.printable(one, 300)));
      if (files.size() > MOST_TOLD) {
        progress.warn("  and " + (files.size() - MOST_TOLD) + " more");
      }
    }
  }
}
