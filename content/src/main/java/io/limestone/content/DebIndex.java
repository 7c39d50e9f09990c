package io.limestone.content;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The indexes of a Debian repository (Debian repository format): Release and Packages. */
public final class DebIndex {
  private static final String BEGIN_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----";
  private static final String BEGIN_SIGNATURE = "-----BEGIN PGP SIGNATURE-----";

  private DebIndex() {}

  /**
   * A file that an index vouches for.
   *
   * @param path relative to the index's directory (Release) or to the repository (Packages)
   */
  public record Listed(String path, long size, Bytes sha256) {}

  /**
   * The files of a Release file, from its SHA256 section.
   *
   * @throws MalformedException if it has none: weaker sums do not count
   */
  public static Map<String, Listed> release(byte[] file) {
    Map<String, Listed> files = new HashMap<>();
    boolean sha256 = false;
    for (String line : new String(file, StandardCharsets.UTF_8).split("\n", -1)) {
      if (!line.startsWith(" ")) {
        sha256 = line.strip().equals("SHA256:");
      } else if (sha256) {
        String[] parts = line.strip().split("\\s+", -1);
        if (parts.length != 3) {
          throw new MalformedException("Release: a line of SHA256 that is none");
        }
        files.put(parts[2], new Listed(parts[2], number(parts[1]), sum(parts[0])));
      }
    }
    if (files.isEmpty()) {
      throw new MalformedException("Release: has no SHA256 sums");
    }
    return files;
  }

  /** The packages of a Packages file. */
  public static List<Listed> packages(InputStream in, Budget budget) throws IOException {
    List<Listed> packages = new ArrayList<>();
    Map<String, String> stanza = new HashMap<>();
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(budget.meter(in), StandardCharsets.UTF_8));
    String line;
    while ((line = reader.readLine()) != null) {
      int colon = line.indexOf(':');
      if (line.isBlank()) {
        end(stanza, packages);
      } else if (!line.startsWith(" ") && colon > 0) {
        stanza.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    end(stanza, packages);
    return packages;
  }

  private static void end(Map<String, String> stanza, List<Listed> packages) {
    if (!stanza.isEmpty()) {
      Optional<String> file = Optional.ofNullable(stanza.get("Filename"));
      Optional<String> sha256 = Optional.ofNullable(stanza.get("SHA256"));
      if (file.isEmpty() || sha256.isEmpty()) {
        throw new MalformedException(
            "Packages: "
                + Encoding.printable(stanza.getOrDefault("Package", "?"), 80)
                + " has no Filename or no SHA256");
      }
      packages.add(
          new Listed(file.get(), number(stanza.getOrDefault("Size", "")), sum(sha256.get())));
      stanza.clear();
    }
  }

  private static long number(String text) {
    if (!text.matches("[0-9]{1,15}")) {
      throw new MalformedException("a size that is no number");
    }
    return Long.parseLong(text);
  }

  private static Bytes sum(String hex) {
    if (!hex.matches("[0-9a-f]{64}")) {
      throw new MalformedException("a SHA256 sum that is none");
    }
    return Bytes.ofHex(hex);
  }

  /** A text with its signature inside (RFC 9580 §7). */
  public record ClearSigned(Bytes text, Bytes signature) {}

  /**
   * Takes an InRelease file apart: what was signed, in its canonical form, and the signature.
   *
   * @throws MalformedException if it is no such text; what stands around it does not count
   */
  public static ClearSigned clearSigned(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1).replace("\r\n", "\n");
    int begin = text.startsWith(BEGIN_SIGNED + "\n") ? 0 : -1;
    int body = begin < 0 ? -1 : text.indexOf("\n\n");
    int signature = text.indexOf("\n" + BEGIN_SIGNATURE);
    if (body < 0 || signature < body) {
      throw new MalformedException("InRelease: not a signed text");
    }
    StringBuilder canonical = new StringBuilder();
    for (String line : text.substring(body + 2, signature).split("\n", -1)) {
      String plain = line.startsWith("- ") ? line.substring(2) : line;
      canonical.append(canonical.isEmpty() ? "" : "\r\n").append(plain.stripTrailing());
    }
    return new ClearSigned(
        Bytes.of(canonical.toString().getBytes(StandardCharsets.ISO_8859_1)),
        Bytes.of(text.substring(signature + 1).getBytes(StandardCharsets.ISO_8859_1)));
  }
}
