package io.limestone.policy.boot;

import io.limestone.policy.Complaint.Level;
import io.limestone.tpm.HashAlg;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is wrong with rules of our own. */
final class BootRulesLint {
  private static final String ACCEPTED = "anything is accepted";
  private static final Duration LONG = Duration.ofDays(180);

  /** What gives a machine away, or takes its defences down, in a word of its command line. */
  private static final List<String> DANGEROUS =
      List.of(
          "init=/bin/sh",
          "rdinit=/bin/sh",
          "rd.break",
          "systemd.unit=rescue.target",
          "systemd.debug_shell",
          "ima_appraise=off",
          "module.sig_enforce=0",
          "selinux=0",
          "apparmor=0");

  private final BootRules rules;
  private final Optional<Instant> now;
  private final BootLint lint;
  private final Map<List<String>, Window> windows = new LinkedHashMap<>();

  BootRulesLint(BootRules rules, Instant now, BootLint lint) {
    this.rules = rules;
    this.now = Optional.of(now);
    this.lint = lint;
  }

  void run() {
    secureBoot();
    rules.measured().forEach(this::measured);
    free();
    keys();
    revocations();
    commandLines();
    if (!rules.absent().isEmpty()) {
      lint.complain(
          Level.WARNING,
          List.of("absent"),
          "a log without these events is accepted: " + rules.absent().stream().sorted().toList(),
          "give machines whose firmware logs them a policy of their own");
    }
    windows();
  }

  private void secureBoot() {
    if (!rules.secureBoot().equals(Optional.of(true))) {
      lint.complain(
          Level.WARNING,
          List.of("secure_boot"),
          "a machine with Secure Boot off is accepted",
          "demand it: \"secure_boot\": true");
    }
  }

  private void measured(Aspect aspect, List<Allowed> list) {
    List<String> member = List.of(aspect.member());
    boolean needed = aspect == Aspect.FIRMWARE || aspect == Aspect.PROGRAMS;
    if (needed && list.stream().noneMatch(one -> one.window().isOpen(now))) {
      lint.complain(
          Level.ERROR,
          member,
          "allows nothing at this time: every boot fails",
          "limestone policy create measured-boot, from the log of a good boot");
    }
    List<Object> digests = new ArrayList<>();
    List<List<String>> weak = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      Allowed one = list.get(i);
      digests.add(one.digests());
      windows.put(place(member, i), one.window());
      if (one.digests().keySet().equals(Set.of(HashAlg.SHA1))) {
        weak.add(place(member, i));
      }
    }
    lint.complainOf(
        Level.WARNING,
        weak,
        "has a SHA-1 digest only: a file with the same digest can be made, and a quoted SHA-256"
            + " bank is not accepted",
        "list the SHA-256 digest");
    twice(member, digests);
  }

  /** Members that are {@code "any"}; that of settings is what people mean. */
  private void free() {
    boolean anySigner = !rules.keys().containsKey("authorities");
    for (Aspect aspect : Aspect.values()) {
      boolean any = !rules.measured().containsKey(aspect);
      if (any && aspect == Aspect.PROGRAMS && anySigner) {
        lint.complain(
            Level.ERROR,
            List.of(aspect.member()),
            ACCEPTED + ", by whomever signed: no boot loader nor kernel is checked",
            "list the programs, or their signers in keys.authorities");
      } else if (any && aspect != Aspect.CONFIGURATION && aspect != Aspect.PROGRAMS) {
        lint.complain(
            Level.WARNING, List.of(aspect.member()), ACCEPTED, "list what good boots measure");
      }
    }
  }

  private void keys() {
    for (String name : BootRulesParser.KEY_LISTS) {
      List<String> member = List.of("keys", name);
      List<AllowedKey> list = rules.keys().getOrDefault(name, List.of());
      List<Object> ids = new ArrayList<>();
      for (int i = 0; i < list.size(); i++) {
        AllowedKey key = list.get(i);
        ids.add(key.sha256().or(key::publicKey).orElseThrow());
        windows.put(place(member, i), key.window());
      }
      twice(member, ids);
      if (!rules.keys().containsKey(name)) {
        lint.complain(
            name.equals("authorities") ? Level.NOTE : Level.WARNING,
            member,
            ACCEPTED,
            "list the keys of good boots");
      }
    }
  }

  private void revocations() {
    boolean bySigner = !rules.measured().containsKey(Aspect.PROGRAMS);
    Level level = bySigner ? Level.WARNING : Level.NOTE;
    String old =
        bySigner
            ? "an old, vulnerable loader passes, which an allowed signer once signed"
            : "an old, vulnerable loader passes if it is listed";
    if (rules.sbat().isEmpty()) {
      lint.complain(
          level,
          List.of("sbat"),
          "no least SBAT level is demanded: " + old,
          "{\"component\": \"shim\", \"level\": …}, as SbatLevel of good boots has it");
    }
    if (rules.dbx().isEmpty()) {
      lint.complain(
          level,
          List.of("dbx"),
          "no revocation is demanded: " + old,
          "list what dbx of good boots revokes");
    }
    twice(List.of("dbx"), rules.dbx().stream().<Object>map(Demanded.Revoked::sha256).toList());
    twice(
        List.of("sbat"),
        rules.sbat().stream().<Object>map(Demanded.Generation::component).toList());
    later("dbx", rules.dbx());
    later("sbat", rules.sbat());
  }

  private void later(String member, List<? extends Demanded> list) {
    List<List<String>> later = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      if (!list.get(i).isDue(now)) {
        later.add(place(List.of(member), i));
      }
    }
    lint.complainOf(
        Level.NOTE, later, "is not demanded yet", "if that is meant, nothing: its time comes");
  }

  private void commandLines() {
    List<String> member = List.of("command_lines");
    if (rules.commandLines().isEmpty()) {
      lint.complain(
          Level.WARNING,
          member,
          "any kernel command line is accepted, also with init=/bin/sh",
          "{\"require\": [words of good boots]}");
      return;
    }
    List<CommandLine> lines = rules.commandLines().get();
    List<Object> contents = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      CommandLine line = lines.get(i);
      windows.put(place(member, i), line.window());
      contents.add(
          List.of(
              line.require(),
              line.allow(),
              line.values().toString(),
              line.forbid(),
              line.others()));
      String least = String.join(" ", line.require());
      List<String> accepted =
          DANGEROUS.stream().filter(word -> line.objection(least + " " + word).isEmpty()).toList();
      if (line.objection(least).isPresent()) {
        lint.complain(
            Level.ERROR,
            place(member, i),
            "forbids what it requires: it accepts nothing",
            "remove one of the two");
      } else if (!accepted.isEmpty()) {
        lint.complain(
            Level.WARNING,
            place(member, i),
            "accepts " + String.join(", ", accepted),
            "leave out \"others\", or name them in \"forbid\"");
      }
    }
    twice(member, contents);
  }

  private void windows() {
    List<List<String>> over = new ArrayList<>();
    List<List<String>> waiting = new ArrayList<>();
    List<List<String>> endless = new ArrayList<>();
    List<List<String>> far = new ArrayList<>();
    Instant time = now.orElseThrow();
    windows.forEach(
        (place, window) -> {
          Optional<Instant> end = window.until();
          if (window.isOver(time)) {
            over.add(place);
          } else if (window.from().isPresent() && time.isBefore(window.from().get())) {
            waiting.add(place);
          } else if (end.isPresent() && end.get().isAfter(time.plus(LONG))) {
            far.add(place);
          } else if (end.isEmpty() && window.isLimited()) {
            endless.add(place);
          }
        });
    lint.complainOf(Level.NOTE, over, "its time is over: it accepts nothing any more", "remove it");
    lint.complainOf(
        Level.NOTE, waiting, "does not count yet", "if that is meant, nothing: its time comes");
    lint.complainOf(
        Level.NOTE,
        endless,
        "its time has begun and has no end: \"from\" says nothing any more",
        "remove \"from\"");
    lint.complainOf(
        Level.WARNING,
        far,
        "is to end, and not for " + LONG.toDays() + " days: what is replaced stays accepted",
        "an earlier \"until\", or none if it is to stay");
  }

  private void twice(List<String> member, List<Object> entries) {
    Map<Object, Integer> seen = new HashMap<>();
    List<List<String>> again = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      if (seen.putIfAbsent(entries.get(i), i) != null) {
        again.add(place(member, i));
      }
    }
    lint.complainOf(
        Level.NOTE, again, "stands there twice; the wider time counts", "remove one of the two");
  }

  private static List<String> place(List<String> member, int position) {
    List<String> place = new ArrayList<>(member);
    place.add("[" + position + "]");
    return List.copyOf(place);
  }
}
