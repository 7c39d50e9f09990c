package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.FirmwareBlob;
import io.limestone.evidence.boot.BootPayload.Gpt;
import io.limestone.evidence.boot.BootPayload.Image;
import io.limestone.evidence.boot.BootPayload.Notice;
import io.limestone.evidence.boot.BootPayload.Separator;
import io.limestone.evidence.boot.BootPayload.StartupLocality;
import io.limestone.evidence.boot.BootPayload.Tables;
import io.limestone.evidence.boot.BootPayload.Text;
import io.limestone.evidence.boot.BootPayload.TrustPoint;
import io.limestone.evidence.boot.BootPayload.Unparsed;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads an event's data by its type. Never fails: data of no or a wrong form is Unparsed. */
final class PayloadParser {
  private static final int MAX_PARTITIONS = 1024;
  private static final int MAX_TABLES = 256;
  private static final int PARTITION_ENTRY = 128;
  private static final int GPT_HEADER = 92;
  private static final int SIGNATURE = 16;
  private static final String STARTUP_LOCALITY = "StartupLocality";

  private PayloadParser() {}

  static BootPayload parse(int pcr, EventType type, Bytes data) {
    try {
      return read(pcr, type, data);
    } catch (MalformedException e) {
      return new Unparsed(String.valueOf(e.getMessage()));
    }
  }

  private static BootPayload read(int pcr, EventType type, Bytes data) {
    ByteReader in = data.littleEndian();
    return switch (type) {
      case EV_EFI_VARIABLE_DRIVER_CONFIG,
          EV_EFI_VARIABLE_BOOT,
          EV_EFI_VARIABLE_BOOT2,
          EV_EFI_VARIABLE_AUTHORITY,
          EV_EFI_SPDM_DEVICE_POLICY,
          EV_EFI_SPDM_DEVICE_AUTHORITY ->
          VariableParser.parse(type, in);
      case EV_EFI_SPDM_FIRMWARE_BLOB, EV_EFI_SPDM_FIRMWARE_CONFIG -> SpdmParser.parse(in);
      case EV_EFI_BOOT_SERVICES_APPLICATION,
          EV_EFI_BOOT_SERVICES_DRIVER,
          EV_EFI_RUNTIME_SERVICES_DRIVER ->
          image(in);
      case EV_EFI_PLATFORM_FIRMWARE_BLOB -> firmware("", in);
      case EV_EFI_PLATFORM_FIRMWARE_BLOB2, EV_POST_CODE2 -> firmware(description(in), in);
      case EV_POST_CODE -> data.size() == 16 ? firmware("", in) : text(data);
      case EV_SEPARATOR -> new Separator(in.value(in.remaining(), "separator"));
      case EV_S_CRTM_VERSION -> version(data);
      case EV_S_CRTM_CONTENTS ->
          data.size() == 16 && !Texts.isAscii(data) ? firmware("", in) : textIfAny(data);
      case EV_CPU_MICROCODE,
          EV_PLATFORM_CONFIG_FLAGS,
          EV_NONHOST_CODE,
          EV_NONHOST_CONFIG,
          EV_NONHOST_INFO,
          EV_OMIT_BOOT_DEVICE_EVENTS,
          EV_IPL_PARTITION_DATA,
          EV_EFI_HCRTM_EVENT,
          EV_COMPACT_HASH ->
          textIfAny(data);
      case EV_ACTION, EV_EFI_ACTION -> text(data);
      case EV_IPL -> IplParser.parse(pcr, data);
      case EV_EFI_GPT_EVENT, EV_EFI_GPT_EVENT2 -> gpt(in);
      case EV_EFI_HANDOFF_TABLES -> tables("", in);
      case EV_EFI_HANDOFF_TABLES2 -> tables(description(in), in);
      case EV_EVENT_TAG -> new BootPayload.Tagged(TagParser.parse(in));
      case EV_NO_ACTION -> notice(pcr, data);
      case EV_TABLE_OF_DEVICES, EV_PREBOOT_CERT, EV_UNUSED ->
          new Unparsed("data of this type is not read");
      case UNKNOWN -> new Unparsed("an event type of the vendor's own");
    };
  }

  private static Image image(ByteReader in) {
    long address = in.u64("image address");
    long length = in.u64("image length");
    long linkAddress = in.u64("link-time address");
    long pathLength = in.u64("device path length");
    if (pathLength < 0 || pathLength > in.remaining()) {
      throw new MalformedException(
          "device path of "
              + Long.toUnsignedString(pathLength)
              + " bytes, "
              + in.remaining()
              + " are left");
    }
    // Some loaders log bytes behind an empty path (Quirk.PADDED_IMAGE_EVENT). None of this is
    // measured, so that nothing depends on them.
    return new Image(
        address, length, linkAddress, DevicePath.of(in.value((int) pathLength, "device path")));
  }

  private static FirmwareBlob firmware(String description, ByteReader in) {
    FirmwareBlob blob = new FirmwareBlob(description, in.u64("blob base"), in.u64("blob length"));
    in.finish("firmware blob");
    return blob;
  }

  private static String description(ByteReader in) {
    return Texts.utf8(in.value(in.u8("description size"), "description"));
  }

  private static Text text(Bytes data) {
    return new Text(Texts.isUtf16(data) ? Texts.utf16(data) : Texts.utf8(data));
  }

  private static BootPayload textIfAny(Bytes data) {
    Optional<String> text = Texts.ifText(data);
    return text.isPresent() ? new Text(text.get()) : new Unparsed("the vendor's own form");
  }

  /** UTF-16 text, a GUID, or ASCII. */
  private static BootPayload version(Bytes data) {
    if (Texts.isUtf16(data) || data.isAll(0)) {
      return new Text(Texts.utf16(data));
    }
    return data.size() == Guid.SIZE
        ? new Text(Guid.read(data.littleEndian(), "version").toString())
        : textIfAny(data);
  }

  private static Gpt gpt(ByteReader in) {
    ByteReader header = in.slice(GPT_HEADER, "partition table header");
    if (!"EFI PART".equals(Texts.utf8(header.value(8, "signature")))) {
      throw new MalformedException("partition table without EFI PART");
    }
    header.skip(48, "revision to last usable block");
    Guid disk = Guid.read(header, "disk GUID");
    long count = in.u64("partition count");
    if (count < 0 || count > MAX_PARTITIONS) {
      throw new MalformedException("more than " + MAX_PARTITIONS + " partitions");
    }
    List<Gpt.Partition> partitions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ByteReader entry = in.slice(PARTITION_ENTRY, "partition");
      partitions.add(
          new Gpt.Partition(
              Guid.read(entry, "partition type"),
              Guid.read(entry, "partition GUID"),
              entry.u64("first block"),
              entry.u64("last block"),
              entry.u64("attributes"),
              Texts.utf16(entry.value(72, "partition name"))));
    }
    in.finish("partition table");
    return new Gpt(disk, partitions);
  }

  private static Tables tables(String description, ByteReader in) {
    long count = in.u64("table count");
    if (count < 0 || count > MAX_TABLES) {
      throw new MalformedException("more than " + MAX_TABLES + " tables");
    }
    List<Tables.Table> tables = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tables.add(new Tables.Table(Guid.read(in, "table GUID"), in.u64("table address")));
    }
    in.finish("tables");
    return new Tables(description, tables);
  }

  private static BootPayload notice(int pcr, Bytes data) {
    if (pcr == BootEvent.NO_PCR) {
      return new TrustPoint(TagParser.parse(data.littleEndian()));
    }
    String signature =
        data.size() < SIGNATURE
            ? ""
            : new String(data.slice(0, SIGNATURE).toArray(), StandardCharsets.US_ASCII)
                .replaceAll("\0+$", "");
    if (pcr == 0 && signature.equals(STARTUP_LOCALITY) && data.size() == SIGNATURE + 1) {
      return new StartupLocality(data.slice(SIGNATURE, SIGNATURE + 1).littleEndian().u8("it"));
    }
    return new Notice(signature, data);
  }
}
