package io.limestone.content;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The metadata of an RPM repository: {@code repodata/repomd.xml}, which names the other files with
 * their checksums.
 *
 * @param files by type, such as {@code primary}
 */
public record RpmMetadata(Map<String, Referenced> files) {
  private static final String REPO = "http://linux.duke.edu/metadata/repo";
  private static final String COMMON = "http://linux.duke.edu/metadata/common";
  private static final String FILELISTS = "http://linux.duke.edu/metadata/filelists";
  private static final String FILELISTS_EXT = "http://linux.duke.edu/metadata/filelists-ext";

  public RpmMetadata {
    files = Map.copyOf(files);
  }

  /**
   * A file of the repository that repomd.xml vouches for.
   *
   * @param href its place, relative to the repository
   */
  public record Referenced(String href, HashAlg alg, Bytes checksum, OptionalLong size) {
    /** The file, which counts only if it is the right one. */
    public Vouched vouched(InputStream in) {
      return new Vouched(in, href, alg, checksum, size);
    }
  }

  /**
   * A package in the repository.
   *
   * @param identity as {@link RpmPackage#identity}
   * @param content what the whole file must be; nothing if the checksum is of a weak kind
   */
  public record PackageAt(String href, String identity, Optional<Referenced> content) {}

  /**
   * Reads repomd.xml.
   *
   * @throws MalformedException if it is none, or if a checksum is missing or of a weak kind
   */
  public static RpmMetadata parse(byte[] repomd) {
    Map<String, Referenced> files = new LinkedHashMap<>();
    new XmlReader(new ByteArrayInputStream(repomd)).read(new DataElements(files));
    if (files.isEmpty()) {
      throw new MalformedException("repomd.xml: names no metadata");
    }
    return new RpmMetadata(files);
  }

  private static final class DataElements implements XmlReader.Visitor {
    private final Map<String, Referenced> files;
    private Optional<String> type = Optional.empty();
    private Optional<String> href = Optional.empty();
    private Optional<HashAlg> alg = Optional.empty();
    private Bytes checksum = Bytes.EMPTY;
    private OptionalLong size = OptionalLong.empty();

    DataElements(Map<String, Referenced> files) {
      this.files = files;
    }

    @Override
    public void begin(XmlReader element) {
      if (element.is(REPO, "data")) {
        type = element.attribute("type");
        href = Optional.empty();
        alg = Optional.empty();
        size = OptionalLong.empty();
      } else if (element.is(REPO, "size")) {
        size = size(element.text());
      } else if (element.is(REPO, "location")) {
        href = element.attribute("href");
      } else if (element.is(REPO, "checksum")) {
        alg = element.attribute("type").flatMap(RpmMetadata::checksumAlg);
        checksum = Bytes.ofHex(element.text().strip());
      }
    }

    @Override
    public void end(XmlReader element) {
      if (element.is(REPO, "data") && type.isPresent()) {
        if (href.isEmpty() || alg.isEmpty()) {
          throw new MalformedException(
              "repomd.xml: "
                  + Encoding.printable(type.get(), 80)
                  + " has no location, or no checksum of SHA-256 or better");
        }
        files.put(type.get(), new Referenced(href.get(), alg.get(), checksum, size));
      }
    }
  }

  private static OptionalLong size(String text) {
    if (!text.strip().matches("[0-9]{1,15}")) {
      throw new MalformedException("a size that is no number");
    }
    return OptionalLong.of(Long.parseLong(text.strip()));
  }

  private static Optional<HashAlg> checksumAlg(String name) {
    return switch (name) {
      case "sha256" -> Optional.of(HashAlg.SHA256);
      case "sha384" -> Optional.of(HashAlg.SHA384);
      case "sha512" -> Optional.of(HashAlg.SHA512);
      default -> Optional.empty();
    };
  }

  /**
   * Where the packages are, from {@code primary}.
   *
   * @param in the file as it is stored, compressed
   */
  public static List<PackageAt> packages(InputStream in, Referenced expected, Budget budget)
      throws IOException {
    List<PackageAt> packages = new ArrayList<>();
    checked(in, expected, budget, xml -> xml.read(new PackageElements(packages, budget)));
    return packages;
  }

  private static final class PackageElements implements XmlReader.Visitor {
    private final List<PackageAt> packages;
    private final Budget budget;
    private boolean rpm;
    private String name = "";
    private String arch = "";
    private String version = "";
    private Optional<String> href = Optional.empty();
    private Optional<HashAlg> alg = Optional.empty();
    private Bytes checksum = Bytes.EMPTY;
    private OptionalLong size = OptionalLong.empty();

    PackageElements(List<PackageAt> packages, Budget budget) {
      this.packages = packages;
      this.budget = budget;
    }

    @Override
    public void begin(XmlReader element) {
      if (element.is(COMMON, "package")) {
        rpm = element.attribute("type").equals(Optional.of("rpm"));
        name = "";
        arch = "";
        version = "";
        href = Optional.empty();
        alg = Optional.empty();
        size = OptionalLong.empty();
      } else if (!rpm) {
        return;
      } else if (element.is(COMMON, "name")) {
        name = element.text();
      } else if (element.is(COMMON, "arch")) {
        arch = element.text();
      } else if (element.is(COMMON, "version")) {
        version =
            RpmPackage.version(
                element.attribute("epoch").orElse("0"),
                element.attribute("ver").orElse(""),
                element.attribute("rel").orElse(""));
      } else if (element.is(COMMON, "checksum")) {
        alg = element.attribute("type").flatMap(RpmMetadata::checksumAlg);
        checksum = Bytes.ofHex(element.text().strip());
      } else if (element.is(COMMON, "size")) {
        Optional<String> whole = element.attribute("package");
        size = whole.isPresent() ? size(whole.get()) : OptionalLong.empty();
      } else if (element.is(COMMON, "location")) {
        href = element.attribute("href");
      }
    }

    @Override
    public void end(XmlReader element) {
      if (rpm && element.is(COMMON, "package")) {
        budget.countEntry();
        href.ifPresent(
            at ->
                packages.add(
                    new PackageAt(
                        at,
                        RpmPackage.identity(name, version, arch),
                        alg.map(known -> new Referenced(at, known, checksum, size)))));
        rpm = false;
      }
    }
  }

  /** Receives a file and its digest. */
  @FunctionalInterface
  public interface FileVisitor {
    void file(String path, Bytes digest);
  }

  /** The files of all packages with their digests, from {@code filelists-ext}. */
  public static void files(InputStream in, Referenced expected, Budget budget, FileVisitor visitor)
      throws IOException {
    checked(
        in,
        expected,
        budget,
        xml ->
            xml.read(
                new XmlReader.Visitor() {
                  @Override
                  public void begin(XmlReader element) {
                    if (element.is(FILELISTS_EXT, "file")) {
                      Optional<String> hash = element.attribute("hash");
                      if (hash.isPresent()) {
                        budget.countEntry();
                        Bytes digest = Bytes.ofHex(hash.get());
                        visitor.file(element.text(), digest);
                      }
                    }
                  }

                  @Override
                  public void end(XmlReader element) {}
                }));
  }

  /** Receives a file and the package that it belongs to. */
  @FunctionalInterface
  public interface OwnerVisitor {
    void file(String path, String packageName, String version);
  }

  /** Which package each file belongs to, from {@code filelists} or {@code filelists-ext}. */
  public static void owners(
      InputStream in, Referenced expected, Budget budget, OwnerVisitor visitor) throws IOException {
    checked(
        in,
        expected,
        budget,
        xml ->
            xml.read(
                new XmlReader.Visitor() {
                  private String name = "";
                  private String version = "";

                  @Override
                  public void begin(XmlReader element) {
                    if (isOfFileLists(element, "package")) {
                      name = element.attribute("name").orElse("");
                      version = "";
                    } else if (isOfFileLists(element, "version")) {
                      version =
                          element.attribute("ver").orElse("")
                              + element.attribute("rel").map(rel -> "-" + rel).orElse("");
                    } else if (isOfFileLists(element, "file")
                        && !element.attribute("type").equals(Optional.of("dir"))) {
                      budget.countEntry();
                      visitor.file(element.text(), name, version);
                    }
                  }

                  @Override
                  public void end(XmlReader element) {}
                }));
  }

  private static boolean isOfFileLists(XmlReader element, String name) {
    return element.is(FILELISTS, name) || element.is(FILELISTS_EXT, name);
  }

  private static void checked(
      InputStream in, Referenced expected, Budget budget, Consumer<XmlReader> parse)
      throws IOException {
    try (Vouched vouched = expected.vouched(in)) {
      boolean unused =
          vouched.read(
              content -> {
                parse.accept(new XmlReader(budget.meter(Compression.decompressed(content))));
                return true;
              });
    }
  }
}
