package io.limestone.evidence.boot;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.UUID;
import java.util.regex.Pattern;

/** EFI_GUID (UEFI §2.3.1): a UUID whose first three groups are least significant byte first. */
public record Guid(UUID uuid) {
  public static final int SIZE = 16;

  private static final Pattern TEXT =
      Pattern.compile("[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}");

  /** EFI_GLOBAL_VARIABLE: SecureBoot, PK, KEK, BootOrder. */
  public static final Guid GLOBAL = of("8be4df61-93ca-11d2-aa0d-00e098032b8c");

  /** EFI_IMAGE_SECURITY_DATABASE: db, dbx. */
  public static final Guid IMAGE_SECURITY = of("d719b2cb-3d3a-4596-a3bc-dad00e67656f");

  /** SHIM_LOCK: Shim, SbatLevel, MokList and what else shim keeps. */
  public static final Guid SHIM_LOCK = of("605dab50-e046-4300-abb6-3dd810dd8b23");

  /**
   * A GUID of its text, of either case.
   *
   * @throws MalformedException if it is none
   */
  public static Guid of(String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new MalformedException("not a GUID (8-4-4-4-12 hex digits)");
    }
    return new Guid(UUID.fromString(text));
  }

  /**
   * The GUID of 16 bytes.
   *
   * @throws MalformedException if there are fewer or more
   */
  public static Guid ofBytes(Bytes bytes) {
    ByteReader in = bytes.littleEndian();
    Guid guid = read(in, "GUID");
    in.finish("GUID");
    return guid;
  }

  /** The 16 bytes at the reader's place, whose order is least significant byte first. */
  static Guid read(ByteReader in, String field) {
    long high = in.u32(field) << 32 | (long) in.u16(field) << 16 | in.u16(field);
    return new Guid(new UUID(high, Long.reverseBytes(in.u64(field))));
  }

  /** Lower case, {@code 8be4df61-93ca-11d2-aa0d-00e098032b8c}. */
  @Override
  public String toString() {
    return uuid.toString();
  }
}
