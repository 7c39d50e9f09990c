package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.ReferenceState.Digests;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** One log against a reference state: rules by PCR and type (measured-boot §7). */
final class ReferenceStateCheck {
  private static final Map<Integer, Set<String>> ACTIONS =
      Map.of(
          1, Set.of("Entering ROM Based Setup"),
          4,
              Set.of(
                  "Calling EFI Application from Boot Option",
                  "Returning from EFI Application from Boot Option"),
          5,
              Set.of(
                  "Exit Boot Services Invocation",
                  "Exit Boot Services Returned with Failure",
                  "Exit Boot Services Returned with Success"));
  private static final Pattern BOOT_VARIABLE = Pattern.compile("BootOrder|Boot[0-9A-Fa-f]+");

  private final ReferenceState state;
  private final ReferenceObjections found = new ReferenceObjections();
  private final ReferenceSecureBoot secureBoot;
  private final ReferenceBoot boot;

  ReferenceStateCheck(ReferenceState state) {
    this.state = state;
    this.secureBoot = new ReferenceSecureBoot(state, found);
    this.boot = new ReferenceBoot(state, found);
  }

  Judgement judge(List<MeasuredEvent> events) {
    for (MeasuredEvent event : events) {
      if (event.pcr() >= 0) { // what belongs to no PCR says nothing that could count
        take(event);
      }
    }
    MandatoryEvents.missing(events, Set.of()).forEach(found::missing);
    boot.finish();
    return found.judgement();
  }

  private void take(MeasuredEvent event) {
    EventType type = event.type();
    switch (event.pcr()) {
      case 0 -> firmware(event, type);
      case 1 -> configuration(event, type);
      case 2 -> {
        if (type != EventType.EV_EFI_BOOT_SERVICES_DRIVER) {
          separatorOnly(event, type);
        }
      }
      case 4 -> {
        switch (type) {
          case EV_EFI_BOOT_SERVICES_APPLICATION -> boot.applications.add(event);
          case EV_EFI_ACTION -> action(event);
          default -> separatorOnly(event, type);
        }
      }
      case 5 -> {
        switch (type) {
          case EV_EFI_GPT_EVENT -> found.atMost(1, event, "a partition table");
          case EV_EFI_ACTION -> action(event);
          default -> separatorOnly(event, type);
        }
      }
      case 7 -> {
        switch (type) {
          case EV_EFI_VARIABLE_DRIVER_CONFIG -> secureBoot.driverConfig(event);
          case EV_EFI_VARIABLE_AUTHORITY -> secureBoot.authority(event);
          default -> separatorOnly(event, type);
        }
      }
      case 3, 6 -> separatorOnly(event, type);
      case 8, 9, 14 -> {
        if (type == EventType.EV_IPL && event.event().payload() instanceof Ipl ipl) {
          loader(event, ipl);
        } else {
          found.unexpected(event);
        }
      }
      default -> found.unexpected(event);
    }
  }

  private void firmware(MeasuredEvent event, EventType type) {
    switch (type) {
      case EV_S_CRTM_VERSION -> boot.versions.add(event);
      case EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_PLATFORM_FIRMWARE_BLOB2 -> boot.pieces.add(event);
      default -> separatorOnly(event, type);
    }
  }

  private void configuration(MeasuredEvent event, EventType type) {
    switch (type) {
      case EV_CPU_MICROCODE, EV_EFI_HANDOFF_TABLES, EV_EFI_HANDOFF_TABLES2 ->
          found.atMost(1, event, type.toString());
      case EV_PLATFORM_CONFIG_FLAGS -> found.atMost(4, event, type.toString());
      case EV_EFI_VARIABLE_BOOT -> bootVariable(event);
      case EV_EFI_ACTION -> action(event);
      default -> separatorOnly(event, type);
    }
  }

  private void separatorOnly(MeasuredEvent event, EventType type) {
    if (type != EventType.EV_SEPARATOR || event.pcr() > 7) {
      found.unexpected(event);
    } else if (!MandatoryEvents.isZeroSeparator(event)) {
      found.refuse(
          event, "the separator is four zero bytes", "another, or data not proven", "00000000");
    }
  }

  private void action(MeasuredEvent event) {
    if (event.proven(BootPayload.Text.class).isEmpty()) {
      found.unbound(event);
      return;
    }
    String text = event.proven(BootPayload.Text.class).get().text();
    Set<String> known = ACTIONS.getOrDefault(event.pcr(), Set.of());
    if (!known.contains(text)) {
      found.refuse(
          event, "the firmware's action is a usual one", text, "one of " + new TreeSet<>(known));
    }
  }

  private void bootVariable(MeasuredEvent event) {
    if (event.proven(Variable.class).isEmpty()) {
      found.unbound(event);
      return;
    }
    Variable variable = event.proven(Variable.class).get();
    if (!variable.guid().equals(Guid.GLOBAL) || !BOOT_VARIABLE.matcher(variable.name()).matches()) {
      found.refuse(
          event, "the variable is a boot option", variable.name(), "BootOrder or Boot####");
    }
  }

  private void loader(MeasuredEvent event, Ipl ipl) {
    switch (event.pcr()) {
      case 8 -> command(event, ipl);
      case 9 -> file(event, ipl.text());
      default -> mok(event, ipl.text());
    }
  }

  private void command(MeasuredEvent event, Ipl ipl) {
    boolean command = ipl.text().startsWith("grub_cmd: ");
    if (!command && !ipl.text().startsWith(ReferenceState.COMMAND_LINE)) {
      found.refuse(
          event, "what grub logs is a command or a command line", ipl.text(), "grub_cmd: …");
    } else if (event.proven().isEmpty()) {
      found.unbound(event);
    } else if (!command) {
      boot.commandLines.add(event);
    } else if (BootNames.isCommandLine(ipl.argument())) {
      found.refuse(
          event,
          "what is logged as grub's command is one",
          ipl.argument(),
          "no path in the command's place: that is a kernel's command line");
    }
  }

  /** By the words in the name, first hit wins. The names are not proven, the digests are. */
  private void file(MeasuredEvent event, String name) {
    if (name.contains("/loader/entries") || name.contains("/grub")) {
      return;
    }
    if (name.contains("/vmlinuz")) {
      boot.vmlinuzes.add(event);
    } else if (name.contains("/initrd") || name.contains("/initramfs")) {
      boot.initrds.add(event);
    } else {
      found.refuse(
          event, "the file is of a known kind", name, "grub's, vmlinuz, initrd or initramfs");
    }
  }

  private void mok(MeasuredEvent event, String name) {
    boolean good =
        switch (name) {
          case "MokList" -> Digests.any(state.mokList(), event);
          case "MokListX" -> Digests.any(state.mokListX(), event);
          case "MokListTrusted" -> true;
          default -> false;
        };
    if (name.equals("MokListTrusted")) {
      found.atMost(1, event, name);
    }
    if (!good) {
      found.refuse(
          event,
          "shim's list is one of the reference state",
          name + " " + ReferenceBoot.hex(event),
          "a listed digest");
    }
  }
}
