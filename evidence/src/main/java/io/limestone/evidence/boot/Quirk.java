package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.wire.Bytes;
import java.util.Arrays;
import java.util.List;

/**
 * What real machines log against the specification, and what is done about it. A list, so that it
 * can be read, and so that the parser has no conditions for machines. None of these makes data
 * count as proven that is not.
 */
public enum Quirk {
  WINDOWS_TRUST_POINT(
      "windows-trust-point",
      "Windows 10 and later (seen on Lenovo IdeaPad and ThinkPad)",
      "none",
      "The last event is EV_NO_ACTION of PCR 0xffffffff. It is kept as a notice of no PCR; nothing"
          + " is decided by it.") {
    @Override
    public boolean matches(BootEvent event) {
      return event.pcr() == BootEvent.NO_PCR;
    }
  },
  SHIM_AUTHORITY_PADDING(
      "shim-authority-padding",
      "shim before version 15, on any machine",
      "7",
      "The Shim authority event has up to 8 zero bytes behind the variable, and its digest leaves"
          + " the last one out. The bytes before it are compared with the digest, so the"
          + " certificate counts as proven.") {
    @Override
    public boolean matches(BootEvent event) {
      return event.payload() instanceof BootPayload.Variable variable
          && variable.is(Guid.SHIM_LOCK, "Shim")
          && event.data().size() > variable.size();
    }
  },
  OLD_GRUB_COMMAND(
      "grub-command-quoting",
      "grub before 2.04 with measuring patches, on any machine",
      "8",
      "Commands were logged without a colon, and quoted otherwise than they were measured. A"
          + " command whose digest is not its text's counts as not proven.") {
    @Override
    public boolean matches(BootEvent event) {
      return event.payload() instanceof Ipl ipl
          && ipl.kind() == Ipl.Kind.GRUB_COMMAND
          && !ipl.text().startsWith("grub_cmd: ");
    }
  },
  IMAGE_FROM_MEMORY_PADDING(
      "image-from-memory-padding",
      "shim and grub that start an image from memory, on any machine",
      "4",
      "The image event has 8 or 9 bytes behind its empty device path. They are left out; nothing"
          + " of an image event but its digest is measured.") {
    @Override
    public boolean matches(BootEvent event) {
      return event.payload() instanceof BootPayload.Image image
          && event.data().size() > 32 + image.path().bytes().size();
    }
  },
  VENDOR_EVENT_TYPE(
      "vendor-event-type",
      "Intel server boards (type 0x40e), and whoever else makes up types",
      "any",
      "The event is replayed; its data is not read.") {
    @Override
    public boolean matches(BootEvent event) {
      return event.type() == EventType.UNKNOWN;
    }
  },
  BYTES_AFTER_TEXT(
      "bytes-after-text",
      "shim of old RHEL: a byte behind MokList's NUL",
      "8, 9, 14",
      "The text ends at its first NUL; the bytes behind it are left out.") {
    @Override
    public boolean matches(BootEvent event) {
      if (!(event.payload() instanceof Ipl ipl) || Texts.isUtf16(event.data())) {
        return false;
      }
      Bytes data = event.data();
      int end = IplParser.end(data);
      return end + 1 < data.size() && !ipl.text().isEmpty();
    }
  };

  private final String id;
  private final String machines;
  private final String pcrs;
  private final String treatment;

  Quirk(String id, String machines, String pcrs, String treatment) {
    this.id = id;
    this.machines = machines;
    this.pcrs = pcrs;
    this.treatment = treatment;
  }

  /** Whether an event is of this kind. */
  public abstract boolean matches(BootEvent event);

  /** Those that an event shows. */
  public static List<Quirk> of(BootEvent event) {
    return Arrays.stream(values()).filter(quirk -> quirk.matches(event)).toList();
  }

  /** A stable name, {@code windows-trust-point}. */
  public String id() {
    return id;
  }

  /** Where it has been seen. */
  public String machines() {
    return machines;
  }

  /** The PCRs concerned. */
  public String pcrs() {
    return pcrs;
  }

  /** What is done, for people. */
  public String treatment() {
    return treatment;
  }
}
