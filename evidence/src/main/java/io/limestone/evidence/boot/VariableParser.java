package io.limestone.evidence.boot;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** UEFI_VARIABLE_DATA (PC Client Platform Firmware Profile §10.2.6). */
final class VariableParser {
  private static final int MAX_NAME = 4096;
  private static final int MAX_PADDING = 8;
  private static final Pattern BOOT_OPTION = Pattern.compile("Boot[0-9A-Fa-f]{4}");
  private static final Set<String> GLOBAL_LISTS = Set.of("PK", "KEK", "PKDefault", "KEKDefault");
  private static final Set<String> SECURITY_LISTS = Set.of("db", "dbx", "dbt", "dbr");
  private static final Set<String> SHIM_LISTS =
      Set.of("MokList", "MokListX", "MokListRT", "MokListXRT", "vendor_dbx");

  private VariableParser() {}

  /**
   * The variable of an event.
   *
   * @throws MalformedException if the event's data is none
   */
  static BootPayload.Variable parse(EventType type, ByteReader in) {
    Guid guid = Guid.read(in, "variable GUID");
    int nameLength = length(in, "variable name length", MAX_NAME);
    int dataLength = length(in, "variable data length", Integer.MAX_VALUE);
    String name = new String(in.bytes(2 * nameLength, "variable name"), StandardCharsets.UTF_16LE);
    Bytes data = in.value(dataLength, "variable data");
    padding(type, in);
    return new BootPayload.Variable(guid, name, data, value(type, guid, name, data));
  }

  /** Nothing may follow but what {@link Quirk#SHIM_AUTHORITY_PADDING} tells. */
  private static void padding(EventType type, ByteReader in) {
    int size = in.remaining();
    Bytes rest = in.value(size, "padding");
    boolean padding =
        type == EventType.EV_EFI_VARIABLE_AUTHORITY && size <= MAX_PADDING && rest.isAll(0);
    if (size > 0 && !padding) {
      throw new MalformedException("variable event has " + size + " trailing bytes");
    }
  }

  private static int length(ByteReader in, String field, int max) {
    long length = in.u64(field);
    if (length < 0 || length > max) {
      throw new MalformedException(
          field + " is " + Long.toUnsignedString(length) + ", more than " + max);
    }
    return (int) length;
  }

  private static VariableValue value(EventType type, Guid guid, String name, Bytes data) {
    try {
      if (type == EventType.EV_EFI_VARIABLE_AUTHORITY) {
        return authority(guid, name, data);
      }
      if (isSignatureLists(guid, name)) {
        return new VariableValue.SignatureLists(SignatureList.readAll(data.littleEndian()));
      }
      return guid.equals(Guid.GLOBAL) ? global(name, data) : other(data);
    } catch (MalformedException e) {
      return new VariableValue.Unparsed(String.valueOf(e.getMessage()));
    }
  }

  private static boolean isSignatureLists(Guid guid, String name) {
    return (guid.equals(Guid.GLOBAL) && GLOBAL_LISTS.contains(name))
        || (guid.equals(Guid.IMAGE_SECURITY) && SECURITY_LISTS.contains(name))
        || (guid.equals(Guid.SHIM_LOCK) && SHIM_LISTS.contains(name));
  }

  private static VariableValue global(String name, Bytes data) {
    if (name.equals("BootOrder")) {
      return bootOrder(data.littleEndian());
    }
    return BOOT_OPTION.matcher(name).matches() ? bootOption(data.littleEndian()) : other(data);
  }

  private static VariableValue other(Bytes data) {
    if (data.size() == 1) {
      int octet = data.littleEndian().u8("flag");
      if (octet <= 1) {
        return new VariableValue.Flag(octet == 1);
      }
    }
    return new VariableValue.Raw();
  }

  private static VariableValue bootOrder(ByteReader in) {
    List<Integer> options = new ArrayList<>();
    while (in.remaining() > 0) {
      options.add(in.u16("BootOrder"));
    }
    return new VariableValue.BootOrder(options);
  }

  private static VariableValue bootOption(ByteReader in) {
    long attributes = in.u32("load option attributes");
    int pathLength = in.u16("file path list length");
    StringBuilder description = new StringBuilder();
    for (int c = in.u16("description"); c != 0; c = in.u16("description")) {
      description.append((char) c);
    }
    DevicePath path = DevicePath.of(in.value(pathLength, "file path list"));
    return new VariableValue.BootOption(
        (attributes & 1) != 0,
        attributes,
        description.toString(),
        path,
        in.value(in.remaining(), "optional data"));
  }

  /** EFI_SIGNATURE_DATA; or, by shim, text, one byte, lists, or a certificate alone. */
  private static VariableValue authority(Guid guid, String name, Bytes data) {
    if (guid.equals(Guid.SHIM_LOCK)) {
      if (name.startsWith("SbatLevel")) {
        return new VariableValue.Text(Texts.utf8(data));
      }
      if (data.size() == 1) {
        return other(data);
      }
      if (isDer(data, 0)) {
        return new VariableValue.Authority(Optional.empty(), data);
      }
      if (isSignatureLists(guid, name)) {
        return new VariableValue.SignatureLists(SignatureList.readAll(data.littleEndian()));
      }
    }
    ByteReader in = data.littleEndian();
    Guid owner = Guid.read(in, "signature owner");
    return new VariableValue.Authority(
        Optional.of(owner), in.value(in.remaining(), "signature data"));
  }

  /** Whether a DER SEQUENCE begins here that ends where the data ends. */
  private static boolean isDer(Bytes data, int at) {
    byte[] bytes = data.slice(at, Math.min(at + 4, data.size())).toArray();
    return bytes.length == 4
        && bytes[0] == 0x30
        && bytes[1] == (byte) 0x82
        && ((bytes[2] & 0xff) << 8 | (bytes[3] & 0xff)) == data.size() - at - 4;
  }
}
