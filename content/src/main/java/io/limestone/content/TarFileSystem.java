package io.limestone.content;

import io.limestone.content.TarReader.Member;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Tar archives that hold file systems: packages, and the layers of container images. */
final class TarFileSystem {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final String RESERVED = ".wh..wh.";
  private static final Set<String> NOTHING = Set.of(WHITEOUT, WHITEOUT + ".", WHITEOUT + "..");

  private TarFileSystem() {}

  /**
   * The members of an archive.
   *
   * @param layer whether names that begin with {@code .wh.} remove files of the layers below (OCI
   *     image specification, layer.md)
   */
  static List<Entry> read(InputStream in, HashAlg alg, Budget budget, boolean layer)
      throws IOException {
    TarReader tar = new TarReader(in, budget);
    List<Entry> entries = new ArrayList<>();
    for (Optional<Member> next = tar.next(); next.isPresent(); next = tar.next()) {
      Member member = next.get();
      if (!layer || !whiteout(member, entries)) {
        entries.add(new Entry(member.name(), what(member, tar, alg)));
      }
    }
    in.transferTo(OutputStream.nullOutputStream()); // padding, and the check sums of compression
    return entries;
  }

  private static boolean whiteout(Member member, List<Entry> entries) {
    int slash = member.name().lastIndexOf('/') + 1;
    String folder = member.name().substring(0, slash);
    String name = member.name().substring(slash);
    if (name.equals(OPAQUE)) {
      entries.add(new Entry(folder, new Entry.Opaque()));
    } else if (name.startsWith(WHITEOUT) && !name.startsWith(RESERVED)) {
      if (NOTHING.contains(name)) {
        throw new MalformedException("tar: a whiteout of nothing: " + member.name());
      }
      entries.add(new Entry(folder + name.substring(WHITEOUT.length()), new Entry.Whiteout()));
    }
    return name.startsWith(WHITEOUT);
  }

  private static Entry.What what(Member member, TarReader tar, HashAlg alg) throws IOException {
    return switch (member.type()) {
      case FILE -> {
        MessageDigest hash = alg.newDigest();
        Streams.hash(tar.body(), member.size(), hash, "tar: " + member.name());
        yield new Entry.File(Bytes.of(hash.digest()), member.owner());
      }
      case HARD_LINK -> new Entry.HardLink(member.link());
      case SYMLINK -> new Entry.Symlink(member.link());
      case DIRECTORY -> new Entry.Directory();
      case SPECIAL -> new Entry.Special();
    };
  }
}
