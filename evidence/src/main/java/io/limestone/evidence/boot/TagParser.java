package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.Tagged.Tag;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;

/** TCG_PCClientTaggedEvent: id, size, data; and Windows' tags in tags. */
final class TagParser {
  /** Windows' SIPAEVENTTYPE_AGGREGATION: such a tag's data are tags. */
  private static final long AGGREGATION = 0x40000000L;

  /** Windows' SIPAEVENTTYPE numbers have a class in bits 16 to 23, and nothing above but flags. */
  private static final long WINDOWS = 0x3f00_0000L;

  private static final int MAX_DEPTH = 4;
  private static final int MAX_TAGS = 4096;

  private int tags;

  private TagParser() {}

  static List<Tag> parse(ByteReader in) {
    return new TagParser().read(in, 0);
  }

  private List<Tag> read(ByteReader in, int depth) {
    List<Tag> all = new ArrayList<>();
    while (in.remaining() > 0) {
      if (++tags > MAX_TAGS) {
        throw new MalformedException("more than " + MAX_TAGS + " tags");
      }
      long id = in.u32("tag id");
      Bytes data = in.value(in.bounded("tag size", in.remaining()), "tag data");
      boolean nests = (id & AGGREGATION) != 0 && isWindows(id) && depth < MAX_DEPTH;
      all.add(new Tag(id, data, nests ? inner(data, depth + 1) : List.of()));
    }
    return all;
  }

  private List<Tag> inner(Bytes data, int depth) {
    return read(data.littleEndian(), depth);
  }

  /** Whether the id is of the form of Windows' own. */
  static boolean isWindows(long id) {
    return (id & WINDOWS) == 0 && (id & 0xff0000L) != 0;
  }
}
