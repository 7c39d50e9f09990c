package io.limestone.evidence;

import org.jspecify.annotations.Nullable;

/**
 * The templates of IMA entries, each a sequence of fields (kernel documentation, "IMA Template
 * Management Mechanism"; ima.md §2 and §3). A new template is a new line here, and perhaps a new
 * field in the readers of both forms.
 */
public enum ImaTemplate {
  IMA("ima", Field.D, Field.N),
  IMA_NG("ima-ng", Field.D_NG, Field.N_NG),
  IMA_SIG("ima-sig", Field.D_NG, Field.N_NG, Field.SIG),
  IMA_BUF("ima-buf", Field.D_NG, Field.N_NG, Field.BUF),
  IMA_NGV2("ima-ngv2", Field.D_NGV2, Field.N_NG),
  IMA_SIGV2("ima-sigv2", Field.D_NGV2, Field.N_NG, Field.SIG),
  IMA_MODSIG("ima-modsig", Field.D_NG, Field.N_NG, Field.SIG, Field.D_MODSIG, Field.HEX),
  EVM_SIG(
      "evm-sig",
      Field.D_NG,
      Field.N_NG,
      Field.HEX,
      Field.XATTR_NAMES,
      Field.HEX,
      Field.HEX,
      Field.U32,
      Field.U32,
      Field.U16);

  /**
   * A field: how it is written in a line, and how in the bytes that are hashed. In those, all but
   * the first two stand behind their length (32 bits, least significant byte first).
   */
  enum Field {
    /** Digest without algorithm, 20 bytes in the data. */
    D,
    /** Name, padded with zeros to 256 bytes in the data. */
    N,
    /** {@code algorithm:digest}; in the data with a zero before the digest. */
    D_NG,
    /** {@code type:algorithm:digest}, likewise; the type is {@code ima} or {@code verity}. */
    D_NGV2,
    /** Name with a zero behind it. */
    N_NG,
    /** Signature of the file, perhaps empty. */
    SIG,
    /** Measured buffer, perhaps empty. */
    BUF,
    /** Digest without the appended signature, as {@link #D_NG}, or empty. */
    D_MODSIG,
    /** Bytes that are hashed and not looked at: appended and EVM signatures, attributes. */
    HEX,
    /** Names of extended attributes with a zero behind the last; empty without any. */
    XATTR_NAMES,
    /** Decimal, or empty; 4 bytes in the data. */
    U32,
    /** Decimal, or empty; 2 bytes in the data. */
    U16
  }

  private static final ImaTemplate[] ALL = values();

  private final String name;

  @SuppressWarnings("ImmutableEnumChecker") // never written to, and read for every entry
  private final Field[] fields;

  ImaTemplate(String name, Field... fields) {
    this.name = name;
    this.fields = fields;
  }

  /** The kernel's name, such as {@code ima-ng}. */
  public String kernelName() {
    return name;
  }

  int fieldCount() {
    return fields.length;
  }

  Field field(int index) {
    return fields[index];
  }

  static @Nullable ImaTemplate named(byte[] text, int from, int to) {
    for (ImaTemplate one : ALL) {
      if (Ascii.is(text, from, to, one.name)) {
        return one;
      }
    }
    return null;
  }
}
