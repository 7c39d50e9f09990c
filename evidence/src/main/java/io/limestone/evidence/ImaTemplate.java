package io.limestone.evidence;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The templates of IMA entries, each a sequence of fields (kernel documentation, "IMA Template
 * Management Mechanism"; ima.md §2 and §3). A new template is a new line here, and perhaps a new
 * field in {@link ImaCursor}.
 */
public enum ImaTemplate {
  IMA("ima", Field.D, Field.N),
  IMA_NG("ima-ng", Field.D_NG, Field.N_NG),
  IMA_SIG("ima-sig", Field.D_NG, Field.N_NG, Field.SIG),
  IMA_BUF("ima-buf", Field.D_NG, Field.N_NG, Field.BUF);

  /** A field: how it is written in a line, and how in the bytes that are hashed. */
  enum Field {
    /** Digest without algorithm, 20 bytes in the data. */
    D,
    /** Name, padded with zeros to 256 bytes in the data. */
    N,
    /** {@code algorithm:digest}. */
    D_NG,
    /** Name with a zero behind it. */
    N_NG,
    /** Signature of the file, perhaps empty. */
    SIG,
    /** Measured buffer, perhaps empty. */
    BUF
  }

  private static final ImaTemplate[] ALL = values();

  private final String name;

  @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
  private final List<Field> fields;

  ImaTemplate(String name, Field... fields) {
    this.name = name;
    this.fields = List.of(fields);
  }

  /** The kernel's name, such as {@code ima-ng}. */
  public String kernelName() {
    return name;
  }

  int fieldCount() {
    return fields.size();
  }

  Field field(int index) {
    return fields.get(index);
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
