package io.limestone.cli.policy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which Debian package a file belongs to, as far as a machine's dpkg knows. */
final class Packages {
  private final Map<String, String> byPath;

  private Packages(Map<String, String> byPath) {
    this.byPath = byPath;
  }

  /** The packages of the system below {@code root}; none if it has no dpkg. */
  static Packages under(String root) throws IOException {
    Map<String, String> byPath = new HashMap<>();
    Path info = Path.of(root, "var/lib/dpkg/info");
    if (Files.isDirectory(info)) {
      try (DirectoryStream<Path> lists = Files.newDirectoryStream(info, "*.list")) {
        for (Path list : lists) {
          String name = list.getFileName().toString();
          String owner = name.substring(0, name.length() - ".list".length());
          for (String path : Files.readString(list, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            byPath.put(path, owner);
          }
        }
      }
    }
    return new Packages(byPath);
  }

  /** The package; where /bin is a link to /usr/bin, dpkg may know the file by either name. */
  Optional<String> of(String path) {
    String other = path.startsWith("/usr/") ? path.substring("/usr".length()) : "/usr" + path;
    return Optional.ofNullable(byPath.getOrDefault(path, byPath.get(other)));
  }
}
