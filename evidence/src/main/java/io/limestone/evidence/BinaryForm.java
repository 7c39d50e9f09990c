package io.limestone.evidence;

import io.limestone.evidence.ImaTemplate.Field;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's {@code binary_runtime_measurements}, numbers least significant byte first:
 *
 * <pre>
 *   4  PCR
 *   n  template hash: 20 bytes, or those of the algorithm that the file's name ends with
 *   4  length of the template's name, and the name
 *   4  length of the template data, and the data           (every template but "ima")
 *  20  digest;  4  length of the file's name, and the name (template "ima")
 * </pre>
 *
 * How long the template hash is, is found out at the first entry: behind it must stand the name of
 * a template.
 */
final class BinaryForm implements ImaForm {
  private static final int[] HASH_SIZES = {20, 32, 48, 64};

  private final byte[] list;
  private int from;
  private int position;
  private long records;
  private int hashSize;
  private @Nullable String broken;
  private int dataFrom;

  BinaryForm(byte[] list) {
    this.list = list;
    for (int size : HASH_SIZES) {
      if (hashSize == 0 && named(size)) {
        hashSize = size;
      }
    }
  }

  private boolean named(int size) {
    int at = 4 + size;
    int length = at + 4 > list.length ? -1 : number(at);
    return length > 0
        && length <= list.length - at - 4
        && ImaTemplate.named(list, at + 4, at + 4 + length) != null;
  }

  @Override
  public boolean next() {
    if (position >= list.length) {
      return false;
    }
    from = position;
    records++;
    broken = extent();
    if (broken != null) {
      position = list.length; // nothing says where the next one begins
    }
    return true;
  }

  /** Finds out where the entry ends; what is wrong if that cannot be. */
  private @Nullable String extent() {
    if (list[from] == 0) {
      return "most significant byte first: start the kernel with ima_canonical_fmt";
    }
    if (hashSize == 0) {
      return "neither a list of lines nor a binary one of a known template";
    }
    long name = from + 4L + hashSize;
    long nameLength = length(name);
    long data = name + 4 + nameLength;
    if (nameLength < 0 || data > list.length) {
      return "the list ends within an entry";
    }
    boolean old = Ascii.is(list, (int) name + 4, (int) data, ImaTemplate.IMA.kernelName());
    long lengthAt = old ? data + 20 : data;
    long rest = length(lengthAt);
    long end = lengthAt + 4 + rest;
    if (rest < 0 || end > list.length) {
      return "the list ends within an entry";
    }
    dataFrom = (int) data;
    position = (int) end;
    return null;
  }

  @Override
  public @Nullable String read(ImaFields into) {
    if (broken != null) {
      return broken;
    }
    if (position - from > MAX_ENTRY) {
      return "longer than 1 MiB";
    }
    into.pcr = number(from);
    System.arraycopy(list, from + 4, into.column, 0, hashSize);
    into.columnLength = hashSize;
    ImaTemplate of = ImaTemplate.named(list, from + 8 + hashSize, dataFrom);
    if (of == null) {
      return "unknown template";
    }
    into.template = of;
    if (of == ImaTemplate.IMA) {
      return old(into);
    }
    into.data.show(list, dataFrom + 4, position);
    int at = dataFrom + 4;
    for (int i = 0; i < of.fieldCount(); i++) {
      long end = at + 4L > position ? -1 : at + 4L + Integer.toUnsignedLong(number(at));
      if (end < 0 || end > position) {
        return "fewer fields than " + of.kernelName() + " has";
      }
      String complaint = field(into, of.field(i), at + 4, (int) end);
      if (complaint != null) {
        return complaint;
      }
      at = (int) end;
    }
    return at == position ? null : "more fields than " + of.kernelName() + " has";
  }

  /** Template "ima": the data is not as it was hashed, the name is to be padded. */
  private @Nullable String old(ImaFields into) {
    int nameFrom = dataFrom + 24;
    if (position - nameFrom > 255) {
      return ImaFields.LONG_NAME;
    }
    if (Ascii.find(list, nameFrom, position, '\0') < position) {
      return ImaFields.ZERO_IN_NAME;
    }
    into.digestAlg = FileDigest.SHA1;
    into.digest.show(list, dataFrom, dataFrom + 20);
    into.name.show(list, nameFrom, position);
    into.put(list, dataFrom, dataFrom + 20);
    into.put(list, nameFrom, position);
    into.putZeros(256 - (position - nameFrom));
    into.done();
    return null;
  }

  private @Nullable String field(ImaFields into, Field field, int at, int end) {
    return switch (field) {
      case D_NG, D_NGV2 -> digest(into, field, at, end);
      case N_NG -> {
        if (at == end || Ascii.find(list, at, end, '\0') != end - 1) {
          yield "name is not ended by its one zero";
        }
        into.name.show(list, at, end - 1);
        yield null;
      }
      case SIG, BUF -> {
        into.extra.show(list, at, end);
        yield null;
      }
      case D_MODSIG, HEX, XATTR_NAMES -> null;
      case U32, U16 ->
          end == at || end - at == (field == Field.U32 ? 4 : 2)
              ? null
              : "owner or mode of another size";
      case D, N -> throw new IllegalStateException("only of template ima");
    };
  }

  private @Nullable String digest(ImaFields into, Field field, int at, int end) {
    int zero = Ascii.find(list, at, end, '\0');
    FileDigest alg =
        zero == end || zero == at || list[zero - 1] != ':'
            ? null
            : into.prefix(field, list, at, zero - 1);
    if (alg == null) {
      return "digest of an unknown algorithm";
    }
    if (end - zero - 1 != alg.size()) {
      return "digest is not one of " + alg.kernelName();
    }
    into.digestAlg = alg;
    into.digest.show(list, zero + 1, end);
    return null;
  }

  @Override
  public boolean join() {
    return false; // lengths say where an entry ends
  }

  @Override
  public void unjoin() {}

  @Override
  public long entries() {
    return records;
  }

  @Override
  public int consumed() {
    return position;
  }

  @Override
  public String show(int max) {
    String place = "the binary entry at byte " + from;
    return place.length() > max ? place.substring(0, max) : place;
  }

  private int number(int at) {
    return Ascii.number(list, at);
  }

  /** The length that stands at an offset; -1 beyond the end. */
  private long length(long at) {
    return at + 4 > list.length ? -1 : Integer.toUnsignedLong(number((int) at));
  }
}
