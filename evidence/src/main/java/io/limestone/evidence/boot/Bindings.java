package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Tagged;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.Optional;

/**
 * Which bytes an event's digest is of, by type (PC Client Platform Firmware Profile §10.4.1, and
 * what shim, grub, systemd and Windows do). Without this, a log's data can say anything beside true
 * digests: a forged command line, Secure Boot state or key would pass.
 */
final class Bindings {
  private Bindings() {}

  static Binding of(BootEvent event, HashAlg bank, Bytes digest) {
    return switch (event.type()) {
      case EV_EFI_BOOT_SERVICES_APPLICATION,
          EV_EFI_BOOT_SERVICES_DRIVER,
          EV_EFI_RUNTIME_SERVICES_DRIVER,
          EV_EFI_PLATFORM_FIRMWARE_BLOB,
          EV_EFI_PLATFORM_FIRMWARE_BLOB2,
          EV_EFI_HANDOFF_TABLES,
          EV_EFI_HANDOFF_TABLES2,
          EV_POST_CODE,
          EV_POST_CODE2,
          EV_S_CRTM_CONTENTS,
          EV_EFI_HCRTM_EVENT ->
          Binding.OBJECT;
      case EV_SEPARATOR,
          EV_S_CRTM_VERSION,
          EV_EFI_ACTION,
          EV_EFI_GPT_EVENT,
          EV_EFI_VARIABLE_BOOT2 ->
          whole(event, bank, digest, Binding.BROKEN);
      case EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_BOOT -> variable(event, bank, digest);
      case EV_EFI_VARIABLE_AUTHORITY -> authority(event, bank, digest);
      case EV_IPL -> ipl(event, bank, digest);
      case EV_EVENT_TAG -> tag(event, bank, digest);
      case EV_PREBOOT_CERT,
          EV_UNUSED,
          EV_NO_ACTION,
          EV_ACTION,
          EV_CPU_MICROCODE,
          EV_PLATFORM_CONFIG_FLAGS,
          EV_TABLE_OF_DEVICES,
          EV_COMPACT_HASH,
          EV_IPL_PARTITION_DATA,
          EV_NONHOST_CODE,
          EV_NONHOST_CONFIG,
          EV_NONHOST_INFO,
          EV_OMIT_BOOT_DEVICE_EVENTS,
          EV_EFI_GPT_EVENT2,
          EV_EFI_SPDM_FIRMWARE_BLOB,
          EV_EFI_SPDM_FIRMWARE_CONFIG,
          EV_EFI_SPDM_DEVICE_POLICY,
          EV_EFI_SPDM_DEVICE_AUTHORITY,
          UNKNOWN ->
          whole(event, bank, digest, Binding.OBJECT);
    };
  }

  private static Binding whole(BootEvent event, HashAlg bank, Bytes digest, Binding otherwise) {
    return bank.digest(event.data()).equals(digest) ? Binding.DATA : otherwise;
  }

  private static Binding part(Bytes part, HashAlg bank, Bytes digest, Binding otherwise) {
    return bank.digest(part).equals(digest) ? Binding.PART : otherwise;
  }

  /** The whole event; firmware may measure a boot variable's content alone, not PCR 7's though. */
  private static Binding variable(BootEvent event, HashAlg bank, Bytes digest) {
    Binding whole = whole(event, bank, digest, Binding.BROKEN);
    return whole == Binding.BROKEN
            && event.pcr() != 7
            && event.payload() instanceof Variable variable
        ? part(variable.data(), bank, digest, Binding.BROKEN)
        : whole;
  }

  /** The whole event; shim before version 15 did otherwise for its own certificate. */
  private static Binding authority(BootEvent event, HashAlg bank, Bytes digest) {
    boolean shim =
        event.payload() instanceof Variable variable && variable.is(Guid.SHIM_LOCK, "Shim");
    Binding whole = whole(event, bank, digest, shim ? Binding.OBJECT : Binding.BROKEN);
    return whole == Binding.OBJECT && Quirk.SHIM_AUTHORITY_PADDING.matches(event)
        ? part(event.data().slice(0, event.data().size() - 1), bank, digest, Binding.OBJECT)
        : whole;
  }

  private static Binding ipl(BootEvent event, HashAlg bank, Bytes digest) {
    if (!(event.payload() instanceof Ipl ipl)) {
      return Binding.OBJECT;
    }
    Optional<Bytes> measured = IplParser.measured(ipl, event.data());
    return switch (ipl.kind()) {
      case KERNEL_COMMAND_LINE, MODULE_COMMAND_LINE ->
          part(measured.orElseThrow(), bank, digest, Binding.BROKEN);
      // Old grubs measured another text than they logged, and the content of a section is logged
      // by the section's name again: neither is a forgery, and neither proves the text.
      case GRUB_COMMAND, UKI_SECTION -> part(measured.orElseThrow(), bank, digest, Binding.OBJECT);
      // systemd's documents say without the NUL, some of its versions measured it too.
      case UKI_COMMAND_LINE ->
          whole(event, bank, digest, Binding.BROKEN) == Binding.DATA
              ? Binding.DATA
              : part(measured.orElseThrow(), bank, digest, Binding.BROKEN);
      case OTHER -> whole(event, bank, digest, Binding.OBJECT);
      case UKI_INITRD, FILE, MOK -> Binding.OBJECT;
    };
  }

  /** Windows hashes the tags; Linux and systemd what the tag names. */
  private static Binding tag(BootEvent event, HashAlg bank, Bytes digest) {
    boolean windows =
        event.payload() instanceof Tagged tagged
            && !tagged.tags().isEmpty()
            && tagged.tags().stream().allMatch(tag -> TagParser.isWindows(tag.id()));
    return whole(event, bank, digest, windows ? Binding.BROKEN : Binding.OBJECT);
  }
}
