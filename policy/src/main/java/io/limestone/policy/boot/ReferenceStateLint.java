package io.limestone.policy.boot;

import io.limestone.policy.Complaint.Level;
import io.limestone.policy.boot.ReferenceState.Digests;
import io.limestone.policy.boot.ReferenceState.Kernel;
import io.limestone.wire.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is wrong with a reference state. */
final class ReferenceStateLint {
  private static final Set<String> KNOWN =
      Set.of(
          "has_secureboot",
          "scrtm_and_bios",
          "pk",
          "kek",
          "db",
          "dbx",
          "vendor_db",
          "mokdig",
          "mokxdig",
          "kernels");

  /** Of no relation: an expression that matches all of them matches whatever there is. */
  private static final List<String> ANYTHING =
      List.of(
          ReferenceState.COMMAND_LINE + "/vmlinuz-1 root=/dev/sda1 init=/bin/sh",
          ReferenceState.COMMAND_LINE + "(hd0,gpt2)/boot/k ro ima_appraise=off",
          ReferenceState.COMMAND_LINE + "x");

  private final ReferenceState state;
  private final JsonObject json;
  private final BootLint lint;

  ReferenceStateLint(ReferenceState state, JsonObject json, BootLint lint) {
    this.state = state;
    this.json = json;
    this.lint = lint;
  }

  void run() {
    json.names().stream()
        .filter(name -> !KNOWN.contains(name))
        .forEach(
            name ->
                lint.complain(
                    Level.WARNING,
                    List.of(name),
                    "is not read: nothing is checked by it",
                    "if it is misspelt, correct it"));
    if (!state.secureBoot()) {
      lint.complain(
          Level.WARNING,
          List.of("has_secureboot"),
          "a machine with Secure Boot off is accepted, and only such",
          "demand it: \"has_secureboot\": true");
    }
    if (state.firmware().isEmpty()) {
      lint.complain(
          Level.ERROR, List.of("scrtm_and_bios"), "is empty: every boot fails", "list a firmware");
    }
    kernels();
    if (state.revoked().isEmpty()) {
      lint.complain(
          Level.NOTE,
          List.of("dbx"),
          "no revocation is demanded",
          "list what dbx of good boots revokes");
    }
    lint.complain(
        Level.NOTE,
        "a reference state demands no SBAT level, and its entries have no times",
        "rules of our own do: limestone policy create measured-boot");
    twice("scrtm_and_bios");
    twice("kernels");
    for (String keys : List.of("pk", "kek", "db", "dbx", "vendor_db", "mokdig", "mokxdig")) {
      twice(keys);
    }
  }

  private void kernels() {
    if (state.kernels().isEmpty()) {
      lint.complain(Level.ERROR, List.of("kernels"), "is empty: every boot fails", "list a kernel");
    }
    List<List<String>> useless = new ArrayList<>();
    List<List<String>> anything = new ArrayList<>();
    for (int i = 0; i < state.kernels().size(); i++) {
      Kernel kernel = state.kernels().get(i);
      List<Digests> digests = new ArrayList<>(kernel.loaders());
      digests.addAll(kernel.vmlinuz());
      digests.add(kernel.initrd());
      if (!digests.stream().allMatch(ReferenceStateLint::isWhole)) {
        useless.add(List.of("kernels", "[" + i + "]"));
      }
      if (ANYTHING.stream().allMatch(kernel.commandLine()::matchesWhole)) {
        anything.add(List.of("kernels", "[" + i + "]", "kernel_cmdline"));
      }
    }
    lint.complainOf(
        Level.ERROR,
        useless,
        "has a digest that is not of its algorithm's length: it never matches",
        "take the digest from the log of a good boot");
    lint.complainOf(
        Level.WARNING,
        anything,
        "any kernel command line is accepted, also with init=/bin/sh",
        "an expression for the command lines of good boots");
  }

  private static boolean isWhole(Digests digests) {
    return digests.byBank().entrySet().stream()
        .allMatch(one -> one.getValue().size() == one.getKey().size());
  }

  private void twice(String member) {
    List<List<String>> again = new ArrayList<>();
    Set<Object> seen = new HashSet<>();
    List<?> list = json.has(member) ? json.list(member) : List.of();
    for (int i = 0; i < list.size(); i++) {
      if (!seen.add(list.get(i))) {
        again.add(List.of(member, "[" + i + "]"));
      }
    }
    lint.complainOf(Level.NOTE, again, "stands there twice", "remove one of the two");
  }
}
