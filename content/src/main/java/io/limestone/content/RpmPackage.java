package io.limestone.content;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.policy.VerificationKeys;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the headers of an RPM package say of its files (RPM reference manual, "Package file
 * format"): a lead of 96 bytes, the signature header, padded to 8, and the main header; all numbers
 * most significant byte first. The payload is not read.
 *
 * @param identity name, epoch, version, release and architecture, to compare
 * @param digestAlg what the file digests are; absent for md5, which no policy can hold
 */
public record RpmPackage(
    String name, String identity, Optional<HashAlg> digestAlg, List<PackagedFile> files) {
  private static final int LEAD = 96;
  private static final int INTRO = 16;
  private static final int RECORD = 16;
  private static final byte[] LEAD_MAGIC = {(byte) 0xed, (byte) 0xab, (byte) 0xee, (byte) 0xdb};

  /** RPM's own bounds (lib/header_internal.h): 64 Ki tags, 256 MiB of data. */
  private static final int MAX_TAGS = 0xffff;

  private static final int MAX_STORE = 256 << 20;

  private static final int MAX_SIGNATURES = 16;

  private static final int NAME = 1000;
  private static final int PACKAGE_VERSION = 1001;
  private static final int PACKAGE_RELEASE = 1002;
  private static final int PACKAGE_EPOCH = 1003;
  private static final int ARCHITECTURE = 1022;
  private static final int FILE_MODES = 1030;
  private static final int FILE_DIGESTS = 1035;
  private static final int SOURCE_PACKAGE = 1044;
  private static final int DIR_INDEXES = 1116;
  private static final int BASE_NAMES = 1117;
  private static final int DIR_NAMES = 1118;
  private static final int FILE_DIGEST_ALG = 5011;
  private static final int SIGNATURE_DSA = 267;
  private static final int SIGNATURE_RSA = 268;
  private static final int SIGNATURE_OPENPGP = 278;
  private static final int SIGNATURE_SHA256 = 273;
  private static final int SIGNATURE_IMA = 274;
  private static final int FILE_SIGNATURES = 5090;

  public RpmPackage {
    files = List.copyOf(files);
  }

  /**
   * A file of a package.
   *
   * @param signature its {@code security.ima} value, or nothing
   */
  public record PackagedFile(String path, Bytes digest, Optional<Bytes> signature) {
    /** Whether the signature is by one of these keys over the digest. */
    public boolean isSignedBy(VerificationKeys keys, HashAlg alg) {
      return signature.isPresent()
          && keys.verify(
              Span.of(signature.get().toArray()),
              FileDigest.valueOf(alg == HashAlg.SM3_256 ? "SM3" : alg.name()),
              Span.of(digest.toArray()),
              false);
    }
  }

  /**
   * How many bytes of the package its headers need, as far as the first bytes tell; call again with
   * that many until it asks for no more than it was given. For fetching headers without payload.
   *
   * @throws MalformedException if this is no RPM package
   */
  public static int bytesNeeded(byte[] start) {
    if (start.length >= 4 && !Arrays.equals(start, 0, 4, LEAD_MAGIC, 0, 4)) {
      throw new MalformedException("not an RPM package");
    }
    if (start.length < LEAD + INTRO) {
      return LEAD + INTRO;
    }
    int main = LEAD + padded(headerSize(start, LEAD, "signature header"));
    return start.length < main + INTRO ? main + INTRO : main + headerSize(start, main, "header");
  }

  private static int headerSize(byte[] bytes, int at, String what) {
    ByteReader in = ByteReader.bigEndian(Arrays.copyOfRange(bytes, at, at + INTRO));
    if (in.u32(what) != 0x8eade801L) {
      throw new MalformedException(what + ": not one");
    }
    in.skip(4, what);
    int tags = in.bounded(what + " tags", MAX_TAGS);
    return INTRO + RECORD * tags + in.bounded(what + " size", MAX_STORE);
  }

  private static int padded(int size) {
    return (size + 7) & ~7;
  }

  /**
   * Reads the headers at the start of a package.
   *
   * @throws MalformedException if they are cut short or not well-formed, or if the main header is
   *     not the one whose SHA-256 the signature header has
   */
  public static RpmPackage parse(byte[] start) {
    Headers headers = headers(start);
    headers
        .signature
        .text(SIGNATURE_SHA256)
        .ifPresent(
            expected -> {
              if (!HashAlg.SHA256.digest(headers.main).hex().equals(expected)) {
                throw new MalformedException("header: not the one that the signature header has");
              }
            });
    return of(new Header(headers.main.toArray(), "header"), headers.signature);
  }

  /**
   * Who signed the main header, and with it the names and digests of all files: by the signature
   * header's OpenPGP signatures over the header alone (RPM reference manual, "Signature tags":
   * RSAHEADER, DSAHEADER, OPENPGP). Those over header and payload, of old packages, do not count.
   *
   * @throws MalformedException as {@link #parse}
   */
  public static RepositoryKeys.Verdict signer(byte[] start, RepositoryKeys keys, Instant now) {
    Headers headers = headers(start);
    List<Bytes> signatures = new ArrayList<>();
    headers.signature.bytes(SIGNATURE_RSA).ifPresent(signatures::add);
    headers.signature.bytes(SIGNATURE_DSA).ifPresent(signatures::add);
    headers.signature.texts(SIGNATURE_OPENPGP).stream()
        .limit(MAX_SIGNATURES)
        .forEach(text -> signatures.add(Bytes.ofBase64(text.replace("\n", ""))));
    List<String> reasons = new ArrayList<>();
    for (Bytes one : signatures) {
      switch (keys.verify(headers.main.toArray(), one.toArray(), now)) {
        case RepositoryKeys.Verdict.By by -> {
          return by;
        }
        case RepositoryKeys.Verdict.Nobody(String why) -> reasons.add(why);
      }
    }
    return new RepositoryKeys.Verdict.Nobody(
        reasons.isEmpty() ? "it has no signature of its header" : String.join("; ", reasons));
  }

  private record Headers(Header signature, Bytes main) {}

  private static Headers headers(byte[] start) {
    int needed = bytesNeeded(start);
    while (needed <= start.length && needed != bytesNeeded(Arrays.copyOf(start, needed))) {
      needed = bytesNeeded(Arrays.copyOf(start, needed));
    }
    if (needed > start.length) {
      throw new MalformedException("RPM headers: ends within them");
    }
    int signatureSize = headerSize(start, LEAD, "signature header");
    int main = LEAD + padded(signatureSize);
    return new Headers(
        new Header(Arrays.copyOfRange(start, LEAD, LEAD + signatureSize), "signature header"),
        Bytes.of(Arrays.copyOfRange(start, main, main + headerSize(start, main, "header"))));
  }

  static String version(String epoch, String version, String release) {
    return epoch + ":" + version + "-" + release;
  }

  static String identity(String name, String version, String architecture) {
    return name + "-" + version + "." + (architecture.equals("nosrc") ? "src" : architecture);
  }

  /** A package in the data base of what is installed: its name, version, and paths. */
  public record Installed(String name, String version, List<String> paths) {
    public Installed {
      paths = List.copyOf(paths);
    }
  }

  /**
   * Reads an entry of rpm's data base: a header without the eight bytes in front of its counts.
   *
   * @throws MalformedException if it is none
   */
  public static Installed installed(byte[] entry) {
    ByteReader in = ByteReader.bigEndian(entry);
    int tags = in.bounded("header tags", MAX_TAGS);
    int size = in.bounded("header size", MAX_STORE);
    if (entry.length != INTRO / 2 + RECORD * tags + size) {
      throw new MalformedException("header: not as long as it says");
    }
    byte[] whole = new byte[INTRO / 2 + entry.length];
    System.arraycopy(entry, 0, whole, INTRO / 2, entry.length);
    Header header = new Header(whole, "header");
    List<String> bases = header.texts(BASE_NAMES);
    List<String> folders = header.texts(DIR_NAMES);
    int[] folderOf = header.numbers(DIR_INDEXES);
    if (folderOf.length != bases.size()) {
      throw new MalformedException("header: lists of files that differ in length");
    }
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < bases.size(); i++) {
      paths.add(folder(folders, folderOf[i]) + bases.get(i));
    }
    return new Installed(
        header.text(NAME).orElse("?"),
        header.text(PACKAGE_VERSION).orElse("")
            + header.text(PACKAGE_RELEASE).map(release -> "-" + release).orElse(""),
        paths);
  }

  private static String folder(List<String> folders, int number) {
    if (number < 0 || number >= folders.size()) {
      throw new MalformedException("header: a file in a directory that is not there");
    }
    return folders.get(number);
  }

  private static RpmPackage of(Header header, Header signature) {
    List<String> bases = header.texts(BASE_NAMES);
    List<String> folders = header.texts(DIR_NAMES);
    int[] folderOf = header.numbers(DIR_INDEXES);
    int[] modes = header.numbers(FILE_MODES);
    List<String> digests = header.texts(FILE_DIGESTS);
    List<String> signatures = signature.texts(SIGNATURE_IMA);
    if (signatures.isEmpty()) {
      signatures = header.texts(FILE_SIGNATURES);
    }
    Optional<HashAlg> alg = digestAlg(header.number(FILE_DIGEST_ALG));
    if (folderOf.length != bases.size()
        || digests.size() != bases.size()
        || modes.length != bases.size()
        || (!signatures.isEmpty() && signatures.size() != bases.size())) {
      throw new MalformedException("header: lists of files that differ in length");
    }
    List<PackagedFile> files = new ArrayList<>();
    for (int i = 0; i < bases.size(); i++) {
      String folder = folder(folders, folderOf[i]);
      Bytes digest = hex(digests.get(i), "file digest");
      boolean regular = (modes[i] & 0170000) == 0100000;
      if (regular && !digest.isEmpty() && !digest.isAll(0)) {
        alg.ifPresent(known -> requireSize(digest, known));
        Bytes ima = signatures.isEmpty() ? Bytes.EMPTY : hex(signatures.get(i), "file signature");
        files.add(
            new PackagedFile(
                folder + bases.get(i),
                digest,
                ima.isEmpty() ? Optional.empty() : Optional.of(ima)));
      }
    }
    return new RpmPackage(header.text(NAME).orElse("?"), identity(header), alg, files);
  }

  private static String identity(Header header) {
    return identity(
        header.text(NAME).orElse(""),
        version(
            Integer.toUnsignedString(header.number(PACKAGE_EPOCH).orElse(0)),
            header.text(PACKAGE_VERSION).orElse(""),
            header.text(PACKAGE_RELEASE).orElse("")),
        header.text(SOURCE_PACKAGE).isPresent() ? header.text(ARCHITECTURE).orElse("") : "src");
  }

  private static void requireSize(Bytes digest, HashAlg alg) {
    if (digest.size() != alg.size()) {
      throw new MalformedException("header: a file digest that is not of its algorithm");
    }
  }

  /** RPM counts as OpenPGP does (RFC 9580 §9.5); without the tag it is md5. */
  private static Optional<HashAlg> digestAlg(OptionalInt number) {
    return switch (number.orElse(1)) {
      case 1 -> Optional.empty();
      case 2 -> Optional.of(HashAlg.SHA1);
      case 8 -> Optional.of(HashAlg.SHA256);
      case 9 -> Optional.of(HashAlg.SHA384);
      case 10 -> Optional.of(HashAlg.SHA512);
      default ->
          throw new MalformedException(
              "header: unknown file digest algorithm " + number.getAsInt());
    };
  }

  private static Bytes hex(String text, String what) {
    try {
      return Bytes.ofHex(text);
    } catch (MalformedException e) {
      throw e.in("header: " + what + " " + Encoding.printable(text, 80));
    }
  }

  /** One header structure: records of tag, type, offset and count, then the store they point to. */
  private static final class Header {
    private static final int INT16 = 3;
    private static final int INT32 = 4;
    private static final int STRING = 6;
    private static final int BINARY = 7;
    private static final int STRING_ARRAY = 8;
    private static final int I18N = 9;

    private final byte[] bytes;
    private final String what;
    private final int tags;
    private final int store;

    Header(byte[] bytes, String what) {
      this.bytes = bytes;
      this.what = what;
      this.tags = (int) u32(8);
      this.store = INTRO + RECORD * tags;
    }

    private record Found(int type, int at, int count) {}

    private Optional<Found> find(int tag) {
      for (int i = 0; i < tags; i++) {
        int record = INTRO + RECORD * i;
        if (u32(record) == tag) {
          long type = u32(record + 4);
          long at = store + u32(record + 8);
          long count = u32(record + 12);
          if (at > bytes.length || count > bytes.length) {
            throw new MalformedException(what + ": tag " + tag + " points outside");
          }
          return Optional.of(new Found((int) type, (int) at, (int) count));
        }
      }
      return Optional.empty();
    }

    List<String> texts(int tag) {
      Optional<Found> found = find(tag);
      if (found.isEmpty()) {
        return List.of();
      }
      int type = found.get().type;
      if (type != STRING && type != STRING_ARRAY && type != I18N) {
        throw new MalformedException(what + ": tag " + tag + " is no text");
      }
      List<String> texts = new ArrayList<>();
      int at = found.get().at;
      for (int i = 0; i < found.get().count; i++) {
        int end = at;
        while (end < bytes.length && bytes[end] != 0) {
          end++;
        }
        if (end >= bytes.length) {
          throw new MalformedException(what + ": a text of tag " + tag + " has no end");
        }
        texts.add(Streams.text(bytes, at, end - at));
        at = end + 1;
      }
      return texts;
    }

    Optional<String> text(int tag) {
      return texts(tag).stream().findFirst();
    }

    Optional<Bytes> bytes(int tag) {
      Optional<Found> found = find(tag);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      Found entry = found.get();
      if (entry.type != BINARY || (long) entry.at + entry.count > bytes.length) {
        throw new MalformedException(what + ": tag " + tag + " is no binary value");
      }
      return Optional.of(Bytes.of(Arrays.copyOfRange(bytes, entry.at, entry.at + entry.count)));
    }

    int[] numbers(int tag) {
      Optional<Found> found = find(tag);
      if (found.isEmpty()) {
        return new int[0];
      }
      Found entry = found.get();
      int size = entry.type == INT16 ? 2 : 4;
      if ((entry.type != INT16 && entry.type != INT32)
          || (long) entry.at + (long) size * entry.count > bytes.length) {
        throw new MalformedException(what + ": tag " + tag + " is no list of numbers");
      }
      int[] numbers = new int[entry.count];
      for (int i = 0; i < numbers.length; i++) {
        int at = entry.at + size * i;
        numbers[i] = size == 4 ? (int) u32(at) : (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
      }
      return numbers;
    }

    OptionalInt number(int tag) {
      return Arrays.stream(numbers(tag)).findFirst();
    }

    private long u32(int at) {
      return (bytes[at] & 0xffL) << 24
          | (bytes[at + 1] & 0xffL) << 16
          | (bytes[at + 2] & 0xffL) << 8
          | (bytes[at + 3] & 0xffL);
    }
  }
}
