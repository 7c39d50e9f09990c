package io.limestone.evidence.boot;

import io.limestone.wire.ByteReader;
import io.limestone.wire.Encoding;
import java.util.Locale;
import java.util.Optional;

/** The text of one device path node without its header (UEFI §10.3 for bytes, §10.6 for text). */
final class DevicePathNodes {
  private static final int HARDWARE = 1;
  private static final int ACPI = 2;
  private static final int MESSAGING = 3;
  private static final int MEDIA = 4;
  private static final int BIOS_BOOT = 5;

  private DevicePathNodes() {}

  /**
   * The text of a node; empty if nodes of its type are not known here.
   *
   * @throws io.limestone.wire.MalformedException if it is too short for its type
   */
  static Optional<String> text(int type, int subtype, ByteReader in) {
    String text =
        switch (type) {
          case HARDWARE -> hardware(subtype, in);
          case ACPI -> acpi(subtype, in);
          case MESSAGING -> messaging(subtype, in);
          case MEDIA -> media(subtype, in);
          case BIOS_BOOT -> subtype == 1 ? bios(in) : "";
          default -> "";
        };
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static String hardware(int subtype, ByteReader in) {
    return switch (subtype) {
      case 1 -> {
        int function = in.u8("function");
        yield form("Pci(0x%x,0x%x)", in.u8("device"), function);
      }
      case 2 -> form("PcCard(0x%x)", in.u8("function"));
      case 3 ->
          form(
              "MemoryMapped(0x%x,0x%x,0x%x)",
              in.u32("memory type"), in.u64("start"), in.u64("end"));
      case 4 -> vendor("VenHw", in);
      case 5 -> form("Ctrl(0x%x)", in.u32("controller"));
      case 6 -> form("BMC(0x%x,0x%x)", in.u8("interface"), in.u64("base"));
      default -> "";
    };
  }

  private static String acpi(int subtype, ByteReader in) {
    return switch (subtype) {
      case 1 -> {
        long hid = in.u32("HID");
        yield acpi(hid, in.u32("UID"));
      }
      case 2 -> {
        long hid = in.u32("HID");
        long uid = in.u32("UID");
        long cid = in.u32("CID");
        yield form("AcpiEx(%s,%s,0x%x)", eisaId(hid), eisaId(cid), uid);
      }
      case 3 -> {
        StringBuilder list = new StringBuilder("AcpiAdr(");
        while (in.remaining() > 0) {
          list.append(list.length() > 8 ? "," : "").append(form("0x%x", in.u32("ADR")));
        }
        yield list.append(')').toString();
      }
      default -> "";
    };
  }

  private static String acpi(long hid, long uid) {
    String name =
        (hid & 0xffff) != 0x41d0 // EISA's PNP
            ? ""
            : switch ((int) (hid >>> 16)) {
              case 0x0a03 -> "PciRoot";
              case 0x0a08 -> "PcieRoot";
              case 0x0604 -> "Floppy";
              case 0x0301 -> "Keyboard";
              case 0x0501 -> "Serial";
              case 0x0401 -> "ParallelPort";
              default -> "";
            };
    return name.isEmpty() ? form("Acpi(%s,0x%x)", eisaId(hid), uid) : form("%s(0x%x)", name, uid);
  }

  /** EISAID: three letters of five bits each in the lower half, a number in the upper. */
  private static String eisaId(long id) {
    StringBuilder text = new StringBuilder();
    for (int shift : new int[] {10, 5, 0}) {
      long letter = id >>> shift & 31;
      text.append(letter >= 1 && letter <= 26 ? (char) ('@' + letter) : '?');
    }
    return text + form("%04X", id >>> 16);
  }

  private static String messaging(int subtype, ByteReader in) {
    return switch (subtype) {
      case 1 -> {
        String bus = in.u8("controller") == 0 ? "Primary" : "Secondary";
        String drive = in.u8("drive") == 0 ? "Master" : "Slave";
        yield form("Ata(%s,%s,0x%x)", bus, drive, in.u16("LUN"));
      }
      case 2 -> form("Scsi(0x%x,0x%x)", in.u16("target"), in.u16("LUN"));
      case 3 -> {
        in.skip(4, "reserved");
        yield form("Fibre(0x%x,0x%x)", in.u64("WWN"), in.u64("LUN"));
      }
      case 5 -> form("USB(0x%x,0x%x)", in.u8("port"), in.u8("interface"));
      case 10 -> vendor("VenMsg", in);
      case 11 -> mac(in);
      case 12 -> ipv4(in);
      case 13 -> ipv6(in);
      case 15 ->
          form(
              "UsbClass(0x%x,0x%x,0x%x,0x%x,0x%x)",
              in.u16("vendor"),
              in.u16("product"),
              in.u8("class"),
              in.u8("subclass"),
              in.u8("protocol"));
      case 17 -> form("Unit(0x%x)", in.u8("LUN"));
      case 18 -> form("Sata(0x%x,0x%x,0x%x)", in.u16("port"), in.u16("multiplier"), in.u16("LUN"));
      case 20 -> form("Vlan(%d)", in.u16("VLAN"));
      case 23 -> form("NVMe(0x%x,%s)", in.u32("namespace"), eui64(in));
      case 24 -> form("Uri(%s)", Texts.utf8(in.value(in.remaining(), "URI")));
      case 25 -> form("UFS(0x%x,0x%x)", in.u8("target"), in.u8("LUN"));
      case 26 -> form("SD(0x%x)", in.u8("slot"));
      case 28 -> form("WiFi(%s)", Texts.utf8(in.value(32, "SSID")));
      case 29 -> form("eMMC(0x%x)", in.u8("slot"));
      default -> "";
    };
  }

  private static String eui64(ByteReader in) {
    byte[] bytes = in.bytes(8, "EUI-64");
    StringBuilder text = new StringBuilder();
    for (int i = bytes.length - 1; i >= 0; i--) {
      text.append(text.isEmpty() ? "" : "-").append(form("%02X", bytes[i]));
    }
    return text.toString();
  }

  private static String mac(ByteReader in) {
    byte[] address = in.bytes(32, "MAC address");
    int type = in.u8("interface type");
    String hex = Encoding.hex(address);
    // Ethernet and IEEE 802 addresses have six bytes; others are shown whole.
    return form("MAC(%s,0x%x)", type <= 1 ? hex.substring(0, 12) : hex, type);
  }

  private static String ipv4(ByteReader in) {
    String local = dotted(in);
    String remote = dotted(in);
    in.skip(4, "ports");
    int protocol = in.u16("protocol");
    String origin = in.u8("static") == 0 ? "DHCP" : "Static";
    String more = in.remaining() >= 8 ? "," + dotted(in) + "," + dotted(in) : "";
    return form("IPv4(%s,%s,%s,%s%s)", remote, protocol(protocol), origin, local, more);
  }

  private static String dotted(ByteReader in) {
    byte[] ip = in.bytes(4, "IPv4 address");
    return form("%d.%d.%d.%d", ip[0] & 0xff, ip[1] & 0xff, ip[2] & 0xff, ip[3] & 0xff);
  }

  private static String ipv6(ByteReader in) {
    String local = colons(in);
    String remote = colons(in);
    in.skip(4, "ports");
    int protocol = in.u16("protocol");
    String origin =
        switch (in.u8("origin")) {
          case 0 -> "Static";
          case 1 -> "StatelessAutoConfigure";
          default -> "StatefulAutoConfigure";
        };
    return form("IPv6(%s,%s,%s,%s)", remote, protocol(protocol), origin, local);
  }

  private static String colons(ByteReader in) {
    String hex = Encoding.hex(in.bytes(16, "IPv6 address"));
    StringBuilder text = new StringBuilder(hex.substring(0, 4));
    for (int i = 4; i < hex.length(); i += 4) {
      text.append(':').append(hex, i, i + 4);
    }
    return text.toString();
  }

  private static String protocol(int number) {
    return switch (number) {
      case 6 -> "TCP";
      case 17 -> "UDP";
      default -> form("0x%x", number);
    };
  }

  private static String media(int subtype, ByteReader in) {
    return switch (subtype) {
      case 1 -> hardDrive(in);
      case 2 -> form("CDROM(0x%x,0x%x,0x%x)", in.u32("entry"), in.u64("start"), in.u64("size"));
      case 3 -> vendor("VenMedia", in);
      case 4 -> Texts.utf16(in.value(in.remaining(), "path name"));
      case 5 -> form("Media(%s)", Guid.read(in, "protocol"));
      case 6 -> form("FvFile(%s)", Guid.read(in, "firmware file"));
      case 7 -> form("Fv(%s)", Guid.read(in, "firmware volume"));
      case 8 -> {
        in.skip(4, "reserved");
        yield form("Offset(0x%x,0x%x)", in.u64("start"), in.u64("end"));
      }
      case 9 -> {
        long start = in.u64("start");
        long end = in.u64("end");
        Guid type = Guid.read(in, "RAM disk type");
        yield form("RamDisk(0x%x,0x%x,%d,%s)", start, end, in.u16("instance"), type);
      }
      default -> "";
    };
  }

  private static String hardDrive(ByteReader in) {
    long partition = in.u32("partition");
    long start = in.u64("start");
    long size = in.u64("size");
    ByteReader signature = in.slice(16, "signature");
    int format = in.u8("format");
    return switch (in.u8("signature type")) {
      case 1 ->
          form("HD(%d,MBR,0x%08x,0x%x,0x%x)", partition, signature.u32("signature"), start, size);
      case 2 ->
          form("HD(%d,GPT,%s,0x%x,0x%x)", partition, Guid.read(signature, "GUID"), start, size);
      default -> form("HD(%d,%d,0,0x%x,0x%x)", partition, format, start, size);
    };
  }

  private static String bios(ByteReader in) {
    int type = in.u16("device type");
    int flags = in.u16("status");
    String name =
        switch (type) {
          case 1 -> "Floppy";
          case 2 -> "HD";
          case 3 -> "CDROM";
          case 4 -> "PCMCIA";
          case 5 -> "USB";
          case 6 -> "Network";
          default -> form("0x%x", type);
        };
    String description = Texts.utf8(in.value(in.remaining(), "description"));
    return form("BBS(%s,%s,0x%x)", name, description, flags);
  }

  private static String vendor(String name, ByteReader in) {
    Guid guid = Guid.read(in, "vendor GUID");
    String data = in.value(in.remaining(), "vendor data").hex();
    return data.isEmpty() ? form("%s(%s)", name, guid) : form("%s(%s,%s)", name, guid, data);
  }

  private static String form(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
