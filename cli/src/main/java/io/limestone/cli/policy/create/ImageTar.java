package io.limestone.cli.policy.create;

import io.limestone.content.Budget;
import io.limestone.content.Compression;
import io.limestone.content.ContainerImage;
import io.limestone.content.TarReader;
import io.limestone.content.TarReader.Member;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A tar file, perhaps compressed, of an image. Some versions of Docker store a layer that two
 * images share once, and a link in the place of the other.
 */
final class ImageTar implements ContainerImage.Parts {
  private static final int MAX_LINKS = 8;

  private final Path file;
  private final Map<String, Place> places;

  private ImageTar(Path file, Map<String, Place> places) {
    this.file = file;
    this.places = places;
  }

  /**
   * Where a part is.
   *
   * @param index of the member, counted from 0
   */
  private record Place(long index, Member member) {}

  /** Looks what is where. */
  static ImageTar of(Path file) throws IOException {
    Map<String, Place> places = new HashMap<>();
    try (InputStream stored = Files.newInputStream(file)) {
      TarReader tar = reader(stored);
      long index = 0;
      for (Optional<Member> next = tar.next(); next.isPresent(); next = tar.next()) {
        Member member = next.get();
        String name = normal(member.name());
        if (member.type() != TarReader.Type.DIRECTORY
            && places.put(name, new Place(index, member)) != null) {
          throw new MalformedException(
              Encoding.printable(name, 200) + " is twice in the archive: which one counts?");
        }
        index++;
      }
    }
    return new ImageTar(file, places);
  }

  private static TarReader reader(InputStream stored) throws IOException {
    Budget budget = Budget.ofFileSystem();
    return new TarReader(budget.meter(Compression.decompressed(stored)), budget);
  }

  /** Members in front are passed over, which costs little where the archive is not compressed. */
  @Override
  public Optional<InputStream> open(String name) throws IOException {
    Optional<Place> place = find(name);
    if (place.isEmpty()) {
      return Optional.empty();
    }
    InputStream stored = Files.newInputStream(file);
    try {
      TarReader tar = reader(stored);
      for (long i = 0; i <= place.get().index; i++) {
        if (tar.next().isEmpty()) {
          throw new MalformedException("the archive changes while it is read");
        }
      }
      return Optional.of(
          new FilterInputStream(tar.body()) {
            @Override
            public void close() throws IOException {
              stored.close();
            }
          });
    } catch (IOException | RuntimeException e) {
      stored.close();
      throw e;
    }
  }

  private Optional<Place> find(String name) {
    String at = normal(name);
    for (int links = 0; links < MAX_LINKS; links++) {
      Place place = places.get(at);
      if (place == null) {
        return Optional.empty();
      }
      switch (place.member.type()) {
        case FILE -> {
          return Optional.of(place);
        }
        case HARD_LINK -> at = normal(place.member.link());
        case SYMLINK -> at = normal(at.substring(0, at.lastIndexOf('/') + 1) + place.member.link());
        case DIRECTORY, SPECIAL -> {
          return Optional.empty();
        }
      }
    }
    throw new MalformedException(Encoding.printable(name, 200) + ": links in a circle");
  }

  /** Without dots; nothing is above the archive's root. */
  private static String normal(String name) {
    List<String> parts = new ArrayList<>();
    for (String part : name.split("/", -1)) {
      if (part.equals("..")) {
        if (!parts.isEmpty()) {
          parts.removeLast();
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }
}
