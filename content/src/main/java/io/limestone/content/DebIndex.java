package io.limestone.content;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The indexes of a Debian repository (Debian repository format): Release and Packages. */
public final class DebIndex {
  private DebIndex() {}

  /**
   * A file that an index vouches for.
   *
   * @param path relative to the index's directory (Release) or to the repository (Packages)
   */
  public record Listed(String path, long size, Bytes sha256) {}

  /**
   * A Release file.
   *
   * @param files that its SHA256 section lists
   * @param names of its suite: {@code Suite} and {@code Codename}
   * @param date when it was made
   * @param validUntil when it is no longer to be believed
   */
  public record Release(
      Map<String, Listed> files,
      Set<String> names,
      Optional<Instant> date,
      Optional<Instant> validUntil) {
    public Release {
      files = Map.copyOf(files);
      names = Set.copyOf(names);
    }
  }

  /**
   * Reads a Release file.
   *
   * @throws MalformedException if it has no SHA256 sums: weaker ones do not count
   */
  public static Release release(byte[] file) {
    Map<String, Listed> files = new HashMap<>();
    Map<String, String> fields = new HashMap<>();
    boolean sha256 = false;
    for (String line : new String(file, StandardCharsets.UTF_8).split("\n", -1)) {
      int colon = line.indexOf(':');
      if (!line.startsWith(" ")) {
        sha256 = line.strip().equals("SHA256:");
        if (colon > 0
            && fields.put(line.substring(0, colon), line.substring(colon + 1).strip()) != null) {
          throw new MalformedException(
              "Release: says " + Encoding.printable(line.substring(0, colon), 80) + " twice");
        }
      } else if (sha256) {
        String[] parts = line.strip().split("\\s+", -1);
        if (parts.length != 3) {
          throw new MalformedException("Release: a line of SHA256 that is none");
        }
        Listed listed = new Listed(parts[2], number(parts[1]), sum(parts[0]));
        Listed before = files.put(parts[2], listed);
        if (before != null && !before.equals(listed)) {
          throw new MalformedException(
              "Release: two sums for " + Encoding.printable(parts[2], 200));
        }
      }
    }
    if (files.isEmpty()) {
      throw new MalformedException("Release: has no SHA256 sums");
    }
    Set<String> names = new HashSet<>();
    for (String field : List.of("Suite", "Codename")) {
      Optional.ofNullable(fields.get(field)).ifPresent(names::add);
    }
    return new Release(files, names, time(fields, "Date"), time(fields, "Valid-Until"));
  }

  /** As in mail, but with {@code UTC} for the zone (Debian repository format). */
  private static Optional<Instant> time(Map<String, String> fields, String name) {
    return Optional.ofNullable(fields.get(name))
        .map(
            text -> {
              try {
                String rfc1123 = text.replaceFirst(" (UTC|Z)$", " GMT").replaceAll(" +", " ");
                return DateTimeFormatter.RFC_1123_DATE_TIME.parse(rfc1123, Instant::from);
              } catch (DateTimeParseException e) {
                throw new MalformedException(
                    "Release: " + name + " is no time: " + Encoding.printable(text, 80), e);
              }
            });
  }

  /** The packages of a Packages file. */
  public static List<Listed> packages(InputStream in, Budget budget) throws IOException {
    List<Listed> packages = new ArrayList<>();
    Map<String, String> stanza = new HashMap<>();
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(new BoundedRuns(budget.meter(in), '\n'), StandardCharsets.UTF_8));
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
}
