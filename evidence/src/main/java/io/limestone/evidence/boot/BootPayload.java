package io.limestone.evidence.boot;

import io.limestone.wire.Bytes;
import java.util.List;
import java.util.Optional;

/**
 * What an event's data says, by its type (PC Client Platform Firmware Profile §10.4 and §10.2).
 * Text is as logged and hostile: {@code Encoding.printable} before it is shown. Sizes and addresses
 * are unsigned 64-bit numbers.
 */
public sealed interface BootPayload {
  /**
   * UEFI_VARIABLE_DATA, of all four variable events.
   *
   * @param data the variable's content, as logged
   * @param value the same, read
   */
  record Variable(Guid guid, String name, Bytes data, VariableValue value) implements BootPayload {
    /** Bytes of the structure. */
    public int size() {
      return Guid.SIZE + 16 + 2 * name.length() + data.size();
    }

    public boolean is(Guid otherGuid, String otherName) {
      return guid.equals(otherGuid) && name.equals(otherName);
    }
  }

  /**
   * UEFI_IMAGE_LOAD_EVENT: a program or driver, whose Authenticode digest is the event's. What it
   * says of the image is not measured.
   *
   * @param address where it was loaded
   * @param path where it came from; empty if started from memory, as shim and grub do
   */
  record Image(long address, long length, long linkAddress, DevicePath path)
      implements BootPayload {}

  /**
   * UEFI_PLATFORM_FIRMWARE_BLOB and _BLOB2, and EV_POST_CODE of that form: a piece of firmware.
   *
   * @param description empty where the form has none
   */
  record FirmwareBlob(String description, long base, long length) implements BootPayload {}

  /**
   * Ends the part of the boot before the operating system.
   *
   * @param data zeros or all ones; 1 for an error; {@code WBCL} by Windows
   */
  record Separator(Bytes data) implements BootPayload {}

  /** Text: EV_EFI_ACTION, EV_ACTION, EV_POST_CODE, EV_S_CRTM_VERSION, EV_S_CRTM_CONTENTS. */
  record Text(String text) implements BootPayload {}

  /**
   * EV_IPL: what a boot loader measures (shim, grub, systemd-boot, systemd-stub).
   *
   * @param text whole, without its NUL
   * @param argument behind the prefix that makes it this kind: the command, the command line. For
   *     the other kinds the same as {@code text}
   */
  record Ipl(Kind kind, String text, String argument) implements BootPayload {
    /** What the text is of, by its prefix and PCR. */
    public enum Kind {
      /** {@code grub_cmd: …} (old: {@code grub_cmd …}): a command of grub's script. */
      GRUB_COMMAND,
      /** {@code kernel_cmdline: …} (old: {@code grub_kernel_cmdline …}): path and arguments. */
      KERNEL_COMMAND_LINE,
      /** {@code module_cmdline: …}: of a module that a boot loader hands to a hypervisor. */
      MODULE_COMMAND_LINE,
      /** {@code MokList}, {@code MokListX}, {@code MokListTrusted} …: shim's lists, by name. */
      MOK,
      /** A section of a unified kernel image, PCR 11: {@code .linux}, {@code .osrel} … */
      UKI_SECTION,
      /** Kernel arguments in UTF-16, by systemd-boot and systemd-stub, PCR 12 (old: 8). */
      UKI_COMMAND_LINE,
      /** What systemd-stub hands to the kernel beside its image: {@code Credentials initrd} … */
      UKI_INITRD,
      /** The name of a file that was read, PCR 9. */
      FILE,
      /** Any other. */
      OTHER
    }
  }

  /** UEFI_GPT_DATA: the partition table of the disk that was booted from. */
  record Gpt(Guid disk, List<Partition> partitions) implements BootPayload {
    /**
     * One entry in use.
     *
     * @param firstBlock LBA
     * @param lastBlock LBA, inclusive
     */
    public record Partition(
        Guid type, Guid id, long firstBlock, long lastBlock, long attributes, String name) {}

    public Gpt {
      partitions = List.copyOf(partitions);
    }
  }

  /**
   * UEFI_HANDOFF_TABLE_POINTERS and _POINTERS2: tables such as SMBIOS, whose content was measured.
   *
   * @param description empty where the form has none
   */
  record Tables(String description, List<Table> tables) implements BootPayload {
    /** A table and where it lay. */
    public record Table(Guid guid, long address) {}

    public Tables {
      tables = List.copyOf(tables);
    }
  }

  /** EV_EVENT_TAG: TCG_PCClientTaggedEvent, one after another (Linux, systemd, Windows). */
  record Tagged(List<Tag> tags) implements BootPayload {
    /**
     * One tagged structure.
     *
     * @param id whose meaning is its maker's
     * @param data the tag's data
     * @param inner the tags in it, where the maker's id says that there are (Windows)
     */
    public record Tag(long id, Bytes data, List<Tag> inner) {
      public Tag {
        inner = List.copyOf(inner);
      }

      /** What its maker calls it; its number if that is not known here. */
      public String name() {
        return TagNames.of(id);
      }

      /** Its data as text, if it is text in UTF-16 or ASCII: systemd's and Linux' descriptions. */
      public Optional<String> text() {
        return Texts.ifText(data);
      }
    }

    public Tagged {
      tags = List.copyOf(tags);
    }
  }

  /**
   * DEVICE_SECURITY_EVENT_DATA: what a device says of its own firmware, over SPDM.
   *
   * @param name what kind of device; of PCI, with vendor and device number
   * @param authentication state of the second version: 0 the device proved who it is, 1 to 4 it did
   *     not, 255 it cannot; empty where the first version says nothing
   */
  record Device(
      String name,
      DevicePath path,
      Optional<Integer> authentication,
      List<Measurement> measurements)
      implements BootPayload {
    /**
     * SPDM_MEASUREMENT_BLOCK.
     *
     * @param what of: firmware, configuration …
     * @param value a digest, or what was measured itself
     */
    public record Measurement(int index, String what, Bytes value) {}

    public Device {
      measurements = List.copyOf(measurements);
    }
  }

  /**
   * EV_NO_ACTION with TCG_EfiStartupLocalityEvent: where TPM2_Startup came from.
   *
   * @param locality 0, 3, or 4 with an H-CRTM
   */
  record StartupLocality(int locality) implements BootPayload {}

  /**
   * EV_NO_ACTION with any other signature. Not extended: nothing proves it.
   *
   * @param signature the first 16 bytes as text without NULs, if they are text
   */
  record Notice(String signature, Bytes data) implements BootPayload {}

  /**
   * EV_NO_ACTION of no PCR: Windows' statement of its attestation key, in tags.
   *
   * @param tags not proven
   */
  record TrustPoint(List<Tagged.Tag> tags) implements BootPayload {
    public TrustPoint {
      tags = List.copyOf(tags);
    }
  }

  /**
   * Data that has no form here, or not the form of its type.
   *
   * @param reason for people
   */
  record Unparsed(String reason) implements BootPayload {}
}
