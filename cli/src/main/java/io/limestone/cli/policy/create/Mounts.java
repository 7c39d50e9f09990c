package io.limestone.cli.policy.create;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The mounts of this machine (proc(5), {@code /proc/self/mounts}). */
final class Mounts {
  private static final Path TABLE = Path.of("/proc/self/mounts");
  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

  private Mounts() {}

  private record Mount(Path at, String kind) {}

  /**
   * Mount points below a directory that hold another kind of file system than the directory itself:
   * memory, network, boot partitions. Nothing where the machine does not tell.
   */
  static List<Path> ofOtherKindThan(Path root) throws IOException {
    if (!Files.isReadable(TABLE)) {
      return List.of();
    }
    List<Mount> mounts = new ArrayList<>();
    for (String line : Files.readString(TABLE, StandardCharsets.ISO_8859_1).split("\n", -1)) {
      String[] fields = line.split(" ", -1);
      if (fields.length >= 3) {
        path(unescaped(fields[1])).ifPresent(at -> mounts.add(new Mount(at, fields[2])));
      }
    }
    String own =
        mounts.stream()
            .filter(mount -> root.startsWith(mount.at))
            .reduce((a, b) -> b.at.getNameCount() >= a.at.getNameCount() ? b : a)
            .map(Mount::kind)
            .orElse("");
    return mounts.stream()
        .filter(mount -> !mount.kind.equals(own))
        .map(Mount::at)
        .filter(at -> at.startsWith(root) && !at.equals(root))
        .toList();
  }

  /** A name that this Java cannot write cannot be met below a directory either. */
  private static Optional<Path> path(String name) {
    try {
      return Optional.of(Path.of(name));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static String unescaped(String field) {
    String bytes =
        ESCAPE
            .matcher(field)
            .replaceAll(
                match ->
                    Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(match.group(1), 8))));
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }
}
