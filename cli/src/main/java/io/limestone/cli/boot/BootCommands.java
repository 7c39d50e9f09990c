package io.limestone.cli.boot;

import io.limestone.cli.args.Command;
import java.util.List;

/** {@code limestone boot}. */
public final class BootCommands {
  private BootCommands() {}

  public static Command.Group group() {
    return new Command.Group(
        "boot",
        """
        What a machine booted, by its TCG event log: show it, judge it, compare two boots.

        On a Linux node the log is /sys/kernel/security/tpm0/binary_bios_measurements (root may read it); on
        Windows the newest file in C:\\Windows\\Logs\\MeasuredBoot.

        Examples:
          limestone boot show binary_bios_measurements
          limestone boot diff before-update.bin after-update.bin
          limestone boot check binary_bios_measurements policy.json""",
        List.of(ShowBoot.command(), CheckBoot.command(), DiffBoot.command()));
  }
}
