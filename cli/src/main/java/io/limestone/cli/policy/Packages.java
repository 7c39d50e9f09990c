package io.limestone.cli.policy;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Option;
import io.limestone.cli.policy.create.RepositoryOwners;
import io.limestone.content.RpmPackage;
import io.limestone.wire.MalformedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which package a file belongs to, as far as data bases of packages know. */
final class Packages {
  static final Option PLACES =
      Option.values(
          "--packages",
          "PLACE",
          "What knows the packages of files: a root with dpkg's or rpm's data base (default: /), an RPM"
              + " repository (directory or URL), or a Debian one (\"PLACE SUITE COMPONENT...\")");
  static final Option ARCH =
      Option.value("--deb-arch", "ARCH", "Debian's word for the architecture (default: amd64)");
  private static final String INFO = "var/lib/dpkg/info";
  private static final List<String> RPM =
      List.of("usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite");

  /** A package; the version is empty where it is not known. */
  private record Owner(String name, String version) {
    @Override
    public String toString() {
      return version.isEmpty() ? name : name + " " + version;
    }
  }

  private final Set<String> wanted = new HashSet<>();
  private final Map<String, Owner> byPath = new HashMap<>();

  private Packages(Collection<String> paths) {
    paths.stream()
        .filter(path -> path.startsWith("/"))
        .forEach(
            path -> {
              wanted.add(path);
              wanted.add(merged(path));
            });
  }

  /** The packages of these paths. */
  static Packages of(Collection<String> paths, Arguments arguments)
      throws IOException, InterruptedException {
    Packages packages = new Packages(paths);
    for (String place : arguments.all(PLACES)) {
      if (!packages.root(place)) {
        RepositoryOwners.read(
            place,
            arguments.get(ARCH).orElse("amd64"),
            (path, name, version) -> packages.put(path, new Owner(name, version)));
      }
    }
    if (!arguments.has(PLACES)) {
      var unused = packages.root("/");
    }
    return packages;
  }

  /** Takes the packages installed below a root; false if it has no data base of them. */
  private boolean root(String place) throws IOException {
    Path root;
    try {
      root = Path.of(place);
    } catch (InvalidPathException e) {
      return false;
    }
    boolean dpkg = Files.isDirectory(root.resolve(INFO));
    if (dpkg) {
      dpkg(root);
    }
    Optional<Path> rpm = RPM.stream().map(root::resolve).filter(Files::isRegularFile).findFirst();
    if (rpm.isPresent()) {
      rpm(rpm.get());
    }
    return dpkg || rpm.isPresent();
  }

  /** The sqlite form, which rpm has written since 4.16; read as it stands, without its locks. */
  private void rpm(Path file) throws IOException {
    try (Connection database =
            DriverManager.getConnection(
                "jdbc:sqlite:" + file.toAbsolutePath().toUri() + "?mode=ro&immutable=1");
        Statement statement = database.createStatement();
        ResultSet rows = statement.executeQuery("select blob from Packages")) {
      while (rows.next()) {
        RpmPackage.Installed installed = RpmPackage.installed(rows.getBytes(1));
        Owner owner = new Owner(installed.name(), installed.version());
        installed.paths().forEach(path -> put(path, owner));
      }
    } catch (SQLException e) {
      throw new IOException(file + ": not rpm's data base: " + e.getMessage(), e);
    } catch (MalformedException e) {
      throw e.in(file.toString());
    }
  }

  private void dpkg(Path root) throws IOException {
    Map<String, String> versions = versions(root.resolve("var/lib/dpkg/status"));
    try (DirectoryStream<Path> lists = Files.newDirectoryStream(root.resolve(INFO), "*.list")) {
      for (Path list : lists) {
        String file = list.getFileName().toString();
        String name = file.substring(0, file.length() - ".list".length()).split(":", 2)[0];
        Owner owner = new Owner(name, versions.getOrDefault(name, ""));
        try (BufferedReader lines = Files.newBufferedReader(list, StandardCharsets.ISO_8859_1)) {
          String path;
          while ((path = lines.readLine()) != null) {
            put(path, owner);
          }
        }
      }
    }
  }

  private static Map<String, String> versions(Path status) throws IOException {
    Map<String, String> versions = new HashMap<>();
    if (Files.isRegularFile(status)) {
      String name = "";
      try (BufferedReader lines = Files.newBufferedReader(status, StandardCharsets.ISO_8859_1)) {
        String line;
        while ((line = lines.readLine()) != null) {
          if (line.startsWith("Package: ")) {
            name = line.substring("Package: ".length());
          } else if (line.startsWith("Version: ")) {
            versions.put(name, line.substring("Version: ".length()));
          }
        }
      }
    }
    return versions;
  }

  private void put(String path, Owner owner) {
    if (wanted.contains(path)) {
      byPath.merge(
          path, owner, (one, other) -> one.name.equals(other.name) ? new Owner(one.name, "") : one);
    }
  }

  /** The name of the package. */
  Optional<String> of(String path) {
    return owner(path).map(Owner::name);
  }

  /** The package with its version. */
  Optional<String> described(String path) {
    return owner(path).map(Owner::toString);
  }

  private Optional<Owner> owner(String path) {
    return path.startsWith("/")
        ? Optional.ofNullable(byPath.get(path))
            .or(() -> Optional.ofNullable(byPath.get(merged(path))))
        : Optional.empty();
  }

  /** Where /bin is a link to /usr/bin, a data base may know the file by either name. */
  private static String merged(String path) {
    return path.startsWith("/usr/") ? path.substring("/usr".length()) : "/usr" + path;
  }
}
