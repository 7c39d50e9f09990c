package io.limestone.policy.boot;

import io.limestone.policy.boot.BootPolicyDiff.Effect;

/**
 * What it means for machines that a part of a boot policy gains or loses entries.
 *
 * @param part member of the document
 * @param verb what machines do with such a thing
 * @param demands whether an entry is demanded of machines, and not granted to them
 */
record DiffWords(String part, String verb, boolean demands, String added, String removed) {
  private static final String UNTRUSTED = " become untrusted";

  static final DiffWords REVOKED =
      new DiffWords(
          "dbx",
          "revoke",
          true,
          "machines that have not revoked any of these" + UNTRUSTED + ": update their dbx first",
          "machines need not have revoked these");
  static final DiffWords GENERATIONS =
      new DiffWords(
          "sbat",
          "demand",
          true,
          "machines whose SbatLevel demands less" + UNTRUSTED + ": update their shim first",
          "machines may demand less");
  static final DiffWords COMMAND_LINES = measured("command_lines", "boot with");
  static final DiffWords PHASES = measured("phases", "have reached");
  static final DiffWords ABSENT =
      new DiffWords(
          "absent",
          "leave out",
          false,
          "logs without these events are accepted",
          "machines whose firmware does not log these" + UNTRUSTED);

  /** Things that are accepted. */
  static DiffWords measured(String part, String verb) {
    return new DiffWords(
        part,
        verb,
        false,
        "machines may " + verb + " these",
        "machines that " + verb + " any of these" + UNTRUSTED + ": update them first");
  }

  static DiffWords of(Aspect aspect) {
    return measured(
        aspect.member(),
        switch (aspect) {
          case FIRMWARE -> "run";
          case DRIVERS -> "load";
          case PROGRAMS -> "boot";
          case FILES -> "read";
          case CONFIGURATION -> "have";
          case SECURITY, LOADER, SYSTEM, MOK -> "measure";
        });
  }

  static DiffWords ofKeys(String part) {
    return part.equals("keys.authorities")
        ? new DiffWords(
            part,
            "start what is signed by",
            false,
            "what these signed may start",
            "machines that start what only these signed" + UNTRUSTED)
        : measured(part, "hold");
  }

  /** What a change of an entry means. */
  String changed(Effect effect) {
    return switch (effect) {
      case MORE -> demands ? removed : added;
      case LESS -> demands ? added : "machines that do not fit any more" + UNTRUSTED;
      case OTHER ->
          "machines that still " + verb + " what it was" + UNTRUSTED + ": update them first";
      case NONE -> "nothing changes";
    };
  }
}
