package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.evidence.boot.VariableValue;
import io.limestone.policy.boot.ReferenceState.Digests;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private static final Set<String> SHIM_ONCE = Set.of("SbatLevel", "Shim", "MokListRT");
  private static final Pattern BOOT_VARIABLE = Pattern.compile("BootOrder|Boot[0-9A-Fa-f]+");
  private static final String REMEDY =
      "if this boot is right, make the reference state anew from its log: limestone policy create"
          + " measured-boot --format keylime";

  private final ReferenceState state;
  private final List<Objection> objections = new ArrayList<>();
  private final Map<String, Integer> seen = new HashMap<>();
  private final List<MeasuredEvent> versions = new ArrayList<>();
  private final List<MeasuredEvent> pieces = new ArrayList<>();
  private final List<MeasuredEvent> applications = new ArrayList<>();
  private final List<MeasuredEvent> commandLines = new ArrayList<>();
  private final List<MeasuredEvent> initrds = new ArrayList<>();
  private final List<MeasuredEvent> vmlinuzes = new ArrayList<>();

  ReferenceStateCheck(ReferenceState state) {
    this.state = state;
  }

  Judgement judge(List<MeasuredEvent> events) {
    for (MeasuredEvent event : events) {
      if (event.pcr() >= 0) { // what belongs to no PCR says nothing that could count
        take(event);
      }
    }
    MandatoryEvents.missing(events, Set.of()).stream()
        .map(event -> event.objection(REMEDY, Optional.empty()))
        .forEach(objections::add);
    firmware();
    kernel();
    return new Judgement(objections, List.of(), Set.of());
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
          case EV_EFI_BOOT_SERVICES_APPLICATION -> applications.add(event);
          case EV_EFI_ACTION -> action(event);
          default -> separatorOnly(event, type);
        }
      }
      case 5 -> {
        switch (type) {
          case EV_EFI_GPT_EVENT -> atMost(1, event, "a partition table");
          case EV_EFI_ACTION -> action(event);
          default -> separatorOnly(event, type);
        }
      }
      case 7 -> {
        switch (type) {
          case EV_EFI_VARIABLE_DRIVER_CONFIG -> driverConfig(event);
          case EV_EFI_VARIABLE_AUTHORITY -> authority(event);
          default -> separatorOnly(event, type);
        }
      }
      case 3, 6 -> separatorOnly(event, type);
      case 8, 9, 14 -> {
        if (type == EventType.EV_IPL && event.event().payload() instanceof Ipl ipl) {
          loader(event, ipl);
        } else {
          unexpected(event);
        }
      }
      default -> unexpected(event);
    }
  }

  private void firmware(MeasuredEvent event, EventType type) {
    switch (type) {
      case EV_S_CRTM_VERSION -> versions.add(event);
      case EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_PLATFORM_FIRMWARE_BLOB2 -> pieces.add(event);
      default -> separatorOnly(event, type);
    }
  }

  private void configuration(MeasuredEvent event, EventType type) {
    switch (type) {
      case EV_CPU_MICROCODE, EV_EFI_HANDOFF_TABLES, EV_EFI_HANDOFF_TABLES2 ->
          atMost(1, event, type.toString());
      case EV_PLATFORM_CONFIG_FLAGS -> atMost(4, event, type.toString());
      case EV_EFI_VARIABLE_BOOT -> bootVariable(event);
      case EV_EFI_ACTION -> action(event);
      default -> separatorOnly(event, type);
    }
  }

  private void separatorOnly(MeasuredEvent event, EventType type) {
    if (type != EventType.EV_SEPARATOR || event.pcr() > 7) {
      unexpected(event);
    } else if (!MandatoryEvents.isZeroSeparator(event)) {
      refuse(event, "the separator is four zero bytes", "another, or data not proven", "00000000");
    }
  }

  private void action(MeasuredEvent event) {
    if (event.proven(BootPayload.Text.class).isEmpty()) {
      objections.add(Objection.unbound(event));
      return;
    }
    String text = event.proven(BootPayload.Text.class).get().text();
    Set<String> known = ACTIONS.getOrDefault(event.pcr(), Set.of());
    if (!known.contains(text)) {
      refuse(event, "the firmware's action is a usual one", text, "one of " + new TreeSet<>(known));
    }
  }

  private void bootVariable(MeasuredEvent event) {
    if (event.proven(Variable.class).isEmpty()) {
      objections.add(Objection.unbound(event));
      return;
    }
    Variable variable = event.proven(Variable.class).get();
    if (!variable.guid().equals(Guid.GLOBAL) || !BOOT_VARIABLE.matcher(variable.name()).matches()) {
      refuse(event, "the variable is a boot option", variable.name(), "BootOrder or Boot####");
    }
  }

  private void driverConfig(MeasuredEvent event) {
    if (event.proven(Variable.class).isEmpty()) {
      objections.add(Objection.unbound(event));
      return;
    }
    Variable variable = event.proven(Variable.class).get();
    atMost(1, event, "driver config " + variable.guid() + " " + variable.name());
    if (variable.is(Guid.GLOBAL, "SecureBoot")) {
      boolean good =
          variable.value() instanceof VariableValue.Flag(boolean set) && set == state.secureBoot();
      if (!good) {
        refuse(
            event,
            "Secure Boot is " + (state.secureBoot() ? "on" : "off"),
            "SecureBoot = " + variable.data().hex(),
            state.secureBoot() ? "01" : "00");
      }
    } else if (variable.is(Guid.GLOBAL, "PK") || variable.is(Guid.GLOBAL, "KEK")) {
      keys(event, variable, Set.of(SignatureList.X509));
    } else if (variable.is(Guid.IMAGE_SECURITY, "db")
        || variable.is(Guid.IMAGE_SECURITY, "vendor_db")) {
      keys(event, variable, Set.of(SignatureList.X509, SignatureList.SHA256));
    } else if (variable.is(Guid.IMAGE_SECURITY, "dbx")) {
      revoked(event, variable);
    } else {
      refuse(event, "the variable is known", variable.name(), "SecureBoot, PK, KEK, db or dbx");
    }
  }

  /** Whether an empty or unread list will do: only where Secure Boot is off and none is listed. */
  private boolean unseen(Set<ReferenceState.Key> listed) {
    return !state.secureBoot() && listed.isEmpty();
  }

  private void keys(MeasuredEvent event, Variable variable, Set<Guid> types) {
    Set<ReferenceState.Key> allowed = state.allowed().getOrDefault(variable.name(), Set.of());
    if (unseen(allowed)) {
      return;
    }
    if (!(variable.value() instanceof VariableValue.SignatureLists lists)
        || lists.lists().isEmpty()) {
      refuse(event, variable.name() + " has keys", "none", "keys of the reference state only");
      return;
    }
    for (SignatureList list : lists.lists()) {
      if (!types.contains(list.type())) {
        refuse(
            event,
            variable.name() + " has entries of usual types",
            list.type().toString(),
            types.toString());
      }
      for (SignatureList.Signature signature : list.signatures()) {
        if (!lists(allowed, signature)) {
          refuse(
              event,
              variable.name() + " has keys of the reference state only",
              BootNames.of(list.type(), signature.data()) + ", owner " + signature.owner(),
              "one of the " + allowed.size() + " that are listed");
        }
      }
    }
  }

  private void revoked(MeasuredEvent event, Variable variable) {
    if (unseen(state.revoked())) {
      return;
    }
    if (!(variable.value() instanceof VariableValue.SignatureLists lists)
        || lists.lists().size() != 1
        || !lists.lists().getFirst().type().equals(SignatureList.SHA256)) {
      refuse(event, "dbx is one list of sha256 hashes", "another form", "one list");
      return;
    }
    List<SignatureList.Signature> there = lists.signatures();
    for (ReferenceState.Key key : state.revoked()) {
      if (there.stream().noneMatch(signature -> lists(Set.of(key), signature))) {
        refuse(event, "dbx has every hash of the reference state", "not there", key.data().hex());
      }
    }
  }

  private static boolean lists(Set<ReferenceState.Key> keys, SignatureList.Signature signature) {
    return keys.contains(new ReferenceState.Key(signature.owner(), signature.data()))
        || keys.contains(
            new ReferenceState.Key(BootNames.swapped(signature.owner()), signature.data()));
  }

  private void authority(MeasuredEvent event) {
    if (event.proven(Variable.class).isEmpty()) {
      objections.add(Objection.unbound(event));
      return;
    }
    Variable variable = event.proven(Variable.class).get();
    atMost(1, event, "authority " + variable.guid() + " " + variable.name());
    if (variable.is(Guid.IMAGE_SECURITY, "vendor_db")) {
      vendorKeys(event, variable);
      return;
    }
    boolean shims = variable.guid().equals(Guid.SHIM_LOCK);
    boolean good =
        variable.is(Guid.IMAGE_SECURITY, "db")
            || (shims && SHIM_ONCE.contains(variable.name()))
            || (shims
                && variable.name().equals("MokListTrusted")
                && variable.value() instanceof VariableValue.Flag);
    if (!good) {
      refuse(
          event,
          "the authority is known",
          variable.name(),
          "db, SbatLevel, Shim, MokListTrusted, MokListRT or vendor_db");
    }
  }

  private void vendorKeys(MeasuredEvent event, Variable variable) {
    Set<ReferenceState.Key> allowed = state.allowed().getOrDefault("vendor_db", Set.of());
    List<SignatureList.Signature> there = BootNames.vendorKeys(variable.data());
    if (there.isEmpty() || !there.stream().allMatch(signature -> lists(allowed, signature))) {
      refuse(event, "every key of vendor_db is listed", "a key that is not", "listed keys only");
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
      refuse(event, "what grub logs is a command or a command line", ipl.text(), "grub_cmd: …");
    } else if (event.proven().isEmpty()) {
      objections.add(Objection.unbound(event));
    } else if (!command) {
      commandLines.add(event);
    } else if (BootNames.isCommandLine(ipl.argument())) {
      refuse(
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
      vmlinuzes.add(event);
    } else if (name.contains("/initrd") || name.contains("/initramfs")) {
      initrds.add(event);
    } else {
      refuse(event, "the file is of a known kind", name, "grub's, vmlinuz, initrd or initramfs");
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
      atMost(1, event, name);
    }
    if (!good) {
      refuse(
          event,
          "shim's list is one of the reference state",
          name + " " + hex(event),
          "a listed digest");
    }
  }

  private void firmware() {
    boolean good =
        state.firmware().stream()
            .anyMatch(
                firmware ->
                    sequence(List.of(firmware.version()), versions)
                        && sequence(firmware.pieces(), pieces));
    if (!good) {
      refuseLog(
          "the firmware is one of the reference state",
          "version " + hexes(versions) + ", pieces " + hexes(pieces),
          state.firmware().size() + " alternatives, of which none is this");
    }
  }

  private void kernel() {
    List<String> reasons = new ArrayList<>();
    for (ReferenceState.Kernel kernel : state.kernels()) {
      List<String> wrong = differences(kernel);
      if (wrong.isEmpty()) {
        return;
      }
      if (reasons.isEmpty() || wrong.size() < reasons.size()) {
        reasons = wrong;
      }
    }
    refuseLog(
        "the kernel is one of the reference state, with its loaders, initrd and command line",
        reasons.isEmpty() ? "no kernel is listed" : String.join("; ", reasons),
        state.kernels().size() + " alternatives, of which this is nearest to");
  }

  private List<String> differences(ReferenceState.Kernel kernel) {
    List<String> wrong = new ArrayList<>();
    List<Digests> loaders = new ArrayList<>(kernel.loaders());
    if (state.secureBoot() && applications.size() == 4) {
      loaders.add(kernel.loaders().getLast());
    }
    if (!sequence(loaders, applications)) {
      wrong.add("loaders " + hexes(applications));
    }
    if (!sequence(List.of(kernel.initrd()), initrds)) {
      wrong.add("initrd " + hexes(initrds));
    }
    if (vmlinuzes.size() != 1
        || !kernel.vmlinuz().stream().allMatch(d -> d.match(vmlinuzes.getFirst()))) {
      wrong.add("vmlinuz " + hexes(vmlinuzes));
    }
    if (commandLines.size() != 1) {
      wrong.add(commandLines.size() + " command lines");
    } else if (commandLines.getFirst().event().payload() instanceof Ipl ipl
        && !kernel.commandLine().matchesWhole(ipl.text())) {
      wrong.add("command line " + ipl.argument());
    }
    return wrong;
  }

  private static boolean sequence(List<Digests> expected, List<MeasuredEvent> found) {
    if (expected.size() != found.size()) {
      return false;
    }
    for (int i = 0; i < found.size(); i++) {
      if (!expected.get(i).match(found.get(i))) {
        return false;
      }
    }
    return true;
  }

  private void atMost(int times, MeasuredEvent event, String what) {
    if (seen.merge("PCR " + event.pcr() + " " + what, 1, Integer::sum) > times) {
      refuse(event, "not more than " + times + " of these", what, String.valueOf(times));
    }
  }

  private void unexpected(MeasuredEvent event) {
    refuse(event, "events of this PCR and type are expected", "an event of them", "none");
  }

  private void refuse(MeasuredEvent event, String check, String found, String expected) {
    objections.add(Objection.of(event, check, found, expected, REMEDY, Optional.empty()));
  }

  private void refuseLog(String check, String found, String expected) {
    objections.add(Objection.ofLog(check, found, expected, REMEDY));
  }

  private static String hex(MeasuredEvent event) {
    return event.digest().map(digest -> digest.hex()).orElse("without digest");
  }

  private static String hexes(List<MeasuredEvent> events) {
    return events.stream().map(ReferenceStateCheck::hex).toList().toString();
  }
}
