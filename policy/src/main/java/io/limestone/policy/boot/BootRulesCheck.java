package io.limestone.policy.boot;

import io.limestone.evidence.boot.Binding;
import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.evidence.boot.VariableValue;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One log against a boot policy of our own. */
final class BootRulesCheck {
  private static final Guid CERTIFICATE = SignatureList.X509;
  private static final int MAX_OBJECTIONS = 1000;

  private final BootRules rules;
  private final Optional<Instant> now;
  private final List<Objection> objections = new ArrayList<>();
  private final Set<String> outdated = new TreeSet<>();
  private final Set<String> used = new HashSet<>();
  private boolean commandLine;
  private boolean secureBoot;
  private Optional<Map<String, Long>> sbat = Optional.empty();

  BootRulesCheck(BootRules rules, Optional<Instant> now) {
    this.rules = rules;
    this.now = now;
  }

  Judgement judge(List<MeasuredEvent> events) {
    for (MeasuredEvent event : events) {
      if (event.event().isExtended() && objections.size() < MAX_OBJECTIONS) {
        Aspect.of(event).ifPresent(aspect -> take(event, aspect));
      }
    }
    MandatoryEvents.missing(events, rules.absent()).forEach(this::missing);
    if (rules.secureBoot().isPresent() && !secureBoot && rules.absent().contains("SecureBoot")) {
      refuseLog("Secure Boot's state is known", "no proven event SecureBoot", "one");
    }
    if (!commandLine && rules.commandLines().filter(lines -> !lines.isEmpty()).isPresent()) {
      refuseLog(
          "the kernel's command line is known",
          "no proven command line",
          "one, as grub and systemd-stub measure it");
    }
    generations();
    return new Judgement(objections, List.copyOf(outdated), used);
  }

  private void missing(MandatoryEvents.Missing missing) {
    boolean excusable =
        missing.count() == 0 && MandatoryEvents.VARIABLES.containsKey(missing.name());
    objections.add(
        missing.objection(
            excusable
                ? "if this machine's firmware never logs it, say so under \"absent\""
                : "the log was altered, or the firmware is at fault: nothing else follows from it",
            excusable
                ? Optional.of(PolicyChange.add("/absent/-", missing.name()))
                : Optional.empty()));
  }

  private void take(MeasuredEvent event, Aspect aspect) {
    if (event.binding() == Binding.BROKEN) {
      objections.add(Objection.unbound(event));
      return;
    }
    boolean judged =
        (event.pcr() < MandatoryEvents.FIRMWARE_PCRS && MandatoryEvents.isSeparator(event))
            || Aspect.isFree(event)
            || (event.pcr() == 7 && variable(event))
            || commandLine(event);
    if (!judged) {
      measured(event, aspect);
    }
  }

  private void measured(MeasuredEvent event, Aspect aspect) {
    List<Allowed> all = rules.measured().get(aspect);
    if (all == null) {
      return; // "any"
    }
    Matches matches = new Matches("/" + aspect.member() + "/");
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).is(event)) {
        matches.add(i, all.get(i).name(), all.get(i).window());
      }
    }
    String name = Aspect.name(event);
    if (!matches.accepted(aspect.member() + ": ")) {
      String found = event.digest().map(Bytes::hex).orElse("no digest in this bank") + " " + name;
      String check = "what is measured is among the policy's \"" + aspect.member() + "\"";
      String remedy =
          "if it belongs to this machine, add it to \"" + aspect.member() + "\" by its digest";
      objections.add(
          event
              .digest()
              .map(
                  digest ->
                      Objection.of(
                          event,
                          check,
                          found,
                          matches.expected(all.size()),
                          remedy,
                          PolicyChange.add(
                              "/" + aspect.member() + "/-", Allowed.entry(event, digest))))
              .orElseGet(
                  () -> Objection.of(event, check, found, matches.expected(all.size()), remedy)));
    }
  }

  /** PCR 7: whether a rule over its data has judged the event. */
  private boolean variable(MeasuredEvent event) {
    Optional<Variable> proven = event.proven(Variable.class);
    if (proven.isEmpty()) {
      return false;
    }
    Variable variable = proven.get();
    boolean authority = event.type() == EventType.EV_EFI_VARIABLE_AUTHORITY;
    if (variable.is(Guid.GLOBAL, "SecureBoot")) {
      secureBoot(event, variable);
      return true;
    }
    return switch (variable.value()) {
      case VariableValue.SignatureLists lists when !authority && isDatabase(variable) -> {
        lists.lists().forEach(list -> database(event, variable.name(), list));
        yield true;
      }
      case VariableValue.SignatureLists lists
          when !authority && variable.is(Guid.IMAGE_SECURITY, "dbx") -> {
        revoked(event, lists);
        yield true;
      }
      case VariableValue.Authority(var owner, Bytes data) when authority -> {
        List<SignatureList.Signature> vendor =
            variable.name().equals("vendor_db") ? BootNames.vendorKeys(variable.data()) : List.of();
        if (vendor.isEmpty()) {
          key(event, "authorities", type(data), data);
        } else {
          vendor.forEach(one -> key(event, "authorities", CERTIFICATE, one.data()));
        }
        yield true;
      }
      case VariableValue.Text text
          when authority && variable.guid().equals(Guid.SHIM_LOCK) && isSbat(variable) -> {
        sbat = Optional.of(levels(text.text()));
        yield true;
      }
      default -> false;
    };
  }

  private static boolean isDatabase(Variable variable) {
    return variable.is(Guid.GLOBAL, "PK")
        || variable.is(Guid.GLOBAL, "KEK")
        || variable.is(Guid.IMAGE_SECURITY, "db");
  }

  private static boolean isSbat(Variable variable) {
    return variable.name().equals("SbatLevel");
  }

  private static Guid type(Bytes data) {
    return data.size() == HashAlg.SHA256.size() ? SignatureList.SHA256 : CERTIFICATE;
  }

  private void secureBoot(MeasuredEvent event, Variable variable) {
    secureBoot = true;
    boolean good =
        variable.value() instanceof VariableValue.Flag(boolean set)
            && (rules.secureBoot().isEmpty() || rules.secureBoot().get() == set);
    if (!good) {
      boolean wanted = rules.secureBoot().orElse(true);
      objections.add(
          Objection.of(
              event,
              "Secure Boot is " + (wanted ? "on" : "off"),
              "SecureBoot is " + (variable.data().isAll(0) ? "off" : variable.data().hex()),
              wanted ? "on" : "off",
              wanted
                  ? "turn Secure Boot on in the machine's firmware"
                  : "if it shall be on, set secure_boot to true in the policy",
              PolicyChange.replace("/secure_boot", !wanted)));
    }
  }

  private void database(MeasuredEvent event, String name, SignatureList list) {
    list.signatures().forEach(signature -> key(event, name, list.type(), signature.data()));
  }

  private void key(MeasuredEvent event, String list, Guid type, Bytes data) {
    List<AllowedKey> all = rules.keys().get(list);
    if (all == null) {
      return; // "any"
    }
    Matches matches = new Matches("/keys/" + list + "/");
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).is(type, data)) {
        matches.add(i, all.get(i).name(), all.get(i).window());
      }
    }
    if (!matches.accepted(list + ": ") && objections.size() < MAX_OBJECTIONS) {
      objections.add(
          Objection.of(
              event,
              list.equals("authorities")
                  ? "what let a program start is among the policy's keys.authorities"
                  : "every key of " + list + " is among the policy's keys." + list,
              BootNames.of(type, data),
              matches.expected(all.size()),
              "if this key is right, add it to keys." + list + " by its sha256",
              PolicyChange.add("/keys/" + list + "/-", AllowedKey.entry(type, data))));
    }
  }

  private void revoked(MeasuredEvent event, VariableValue.SignatureLists lists) {
    Set<Bytes> there = new HashSet<>();
    for (SignatureList list : lists.lists()) {
      for (SignatureList.Signature one : list.signatures()) {
        there.add(one.data());
        if (!list.type().equals(SignatureList.SHA256)) {
          there.add(HashAlg.SHA256.digest(one.data()));
        }
      }
    }
    List<Bytes> lacking = new ArrayList<>();
    for (Demanded.Revoked one : rules.dbx()) {
      if (!there.contains(one.sha256())) {
        if (one.isDue(now)) {
          lacking.add(one.sha256());
        } else {
          outdated.add(
              "dbx: an entry that is demanded from "
                  + one.from().orElseThrow()
                  + " on is not there yet");
        }
      }
    }
    if (!lacking.isEmpty()) {
      objections.add(
          Objection.of(
              event,
              "dbx revokes what the policy demands",
              lacking.size()
                  + " of "
                  + rules.dbx().size()
                  + " are not revoked, such as "
                  + lacking.getFirst().hex(),
              "all of them",
              "update the machine's dbx (fwupdmgr update)"));
    }
  }

  private void generations() {
    for (Demanded.Generation one : rules.sbat()) {
      long level = sbat.map(levels -> levels.getOrDefault(one.component(), 0L)).orElse(0L);
      if (level < one.level()) {
        String found = sbat.isEmpty() ? "no proven SbatLevel" : one.component() + " " + level;
        if (one.isDue(now)) {
          refuseLog(
              "SbatLevel demands at least generation " + one.level() + " of " + one.component(),
              found,
              one.component() + " " + one.level());
        } else {
          outdated.add(
              "sbat: "
                  + found
                  + "; "
                  + one.level()
                  + " is demanded from "
                  + one.from().orElseThrow()
                  + " on");
        }
      }
    }
  }

  /** Lines of component, generation and more; those of another form say nothing. */
  static Map<String, Long> levels(String text) {
    Map<String, Long> levels = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      String[] fields = line.strip().split(",", -1);
      if (fields.length >= 2 && fields[1].matches("[0-9]{1,9}")) {
        levels.put(fields[0], Long.valueOf(fields[1]));
      }
    }
    return levels;
  }

  /** Whether the event is a kernel's command line, by whatever label, and so was judged. */
  private boolean commandLine(MeasuredEvent event) {
    Optional<String> text = commandLineOf(event);
    if (text.isEmpty()) {
      return false;
    }
    commandLine = true;
    rules.commandLines().ifPresent(all -> commandLine(event, text.get(), all));
    return true;
  }

  static Optional<String> commandLineOf(MeasuredEvent event) {
    if (event.type() != EventType.EV_IPL || (event.pcr() != 8 && event.pcr() != 12)) {
      return Optional.empty();
    }
    return event
        .proven(Ipl.class)
        .filter(
            ipl ->
                switch (ipl.kind()) {
                  case KERNEL_COMMAND_LINE, UKI_COMMAND_LINE -> true;
                  case GRUB_COMMAND -> BootNames.isCommandLine(ipl.argument());
                  default -> false;
                })
        .map(Ipl::argument);
  }

  private void commandLine(MeasuredEvent event, String text, List<CommandLine> all) {
    Matches matches = new Matches("/command_lines/");
    String nearest = "no command line is allowed";
    for (int i = 0; i < all.size(); i++) {
      Optional<String> objection = all.get(i).objection(text);
      if (objection.isEmpty()) {
        matches.add(i, all.get(i).toString(), all.get(i).window());
      } else {
        nearest = objection.get();
      }
    }
    if (!matches.accepted("command_lines: ")) {
      objections.add(
          Objection.of(
              event,
              "the kernel's command line is one of the policy's command_lines",
              text + " (" + (matches.isEmpty() ? nearest : "see below") + ")",
              matches.expected(all.size()),
              "if it is right, add it to command_lines",
              PolicyChange.add("/command_lines/-", CommandLine.entry(text))));
    }
  }

  private void refuseLog(String check, String found, String expected) {
    objections.add(
        Objection.ofLog(
            check, found, expected, "bring the machine to this state, or change the policy"));
  }

  /** The entries of a list that an event matches, and whether one of them counts now. */
  private final class Matches {
    private final String path;
    private final Map<Integer, String> names = new LinkedHashMap<>();
    private final Map<Integer, Window> windows = new LinkedHashMap<>();

    Matches(String path) {
      this.path = path;
    }

    void add(int index, String name, Window window) {
      names.put(index, name);
      windows.put(index, window);
      used.add(path + index);
    }

    boolean isEmpty() {
      return windows.isEmpty();
    }

    boolean accepted(String what) {
      Map<Integer, Window> open = new LinkedHashMap<>(windows);
      open.values().removeIf(window -> !window.isOpen(now));
      if (open.values().stream().allMatch(window -> window.until().isPresent())) {
        open.forEach((i, window) -> outdated.add(what + names.get(i) + " is accepted " + window));
      }
      return !open.isEmpty();
    }

    String expected(int entries) {
      return windows.isEmpty()
          ? "one of the policy's " + entries
          : "listed, but accepted only " + windows.values().iterator().next();
    }
  }
}
