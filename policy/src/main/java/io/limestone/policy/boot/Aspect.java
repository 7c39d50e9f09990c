package io.limestone.policy.boot;

import io.limestone.evidence.boot.Binding;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.MeasuredEvent;
import java.util.Optional;

/** What a boot consists of, as far as it is told by digests: a member of a boot policy each. */
enum Aspect {
  /** PCR 0: version and pieces of the firmware, and whatever else it logs there. */
  FIRMWARE("firmware"),
  /** PCR 2: drivers that did not come with the firmware. */
  DRIVERS("drivers"),
  /** PCR 4: boot loaders and kernels, by their Authenticode digests. */
  PROGRAMS("programs"),
  /** PCR 7: what is neither a list of keys, nor an authority, nor Secure Boot's state. */
  SECURITY("security"),
  /** PCR 8: what a boot loader logs, other than proven commands and command lines. */
  LOADER("loader"),
  /** PCR 9: files that the boot loader and the kernel read, such as the initrd. */
  FILES("files"),
  /** PCR 11, 12, 13, 15: sections of a unified kernel image and their like. */
  SYSTEM("system"),
  /** PCR 14: shim's lists of keys. */
  MOK("mok"),
  /** PCR 1, 3, 5, 6: settings of this very machine, such as the boot order. */
  CONFIGURATION("configuration");

  private final String member;

  Aspect(String member) {
    this.member = member;
  }

  String member() {
    return member;
  }

  /** By PCR; empty for PCRs that are no boot policy's business. */
  static Optional<Aspect> of(MeasuredEvent event) {
    return switch (event.pcr()) {
      case 0 -> Optional.of(FIRMWARE);
      case 1, 3, 5, 6 -> Optional.of(CONFIGURATION);
      case 2 -> Optional.of(DRIVERS);
      case 4 -> Optional.of(PROGRAMS);
      case 7 -> Optional.of(SECURITY);
      case 8 -> Optional.of(LOADER);
      case 9 -> Optional.of(FILES);
      case 11, 12, 13, 15 -> Optional.of(SYSTEM);
      case 14 -> Optional.of(MOK);
      default -> Optional.empty();
    };
  }

  /**
   * Whether the event harms nobody, whatever else is listed: the firmware's progress in its own
   * words, and grub's commands. Not any text will do: whoever wrote a program knows bytes whose
   * hash is its Authenticode digest, and can log them as the text of an action.
   */
  static boolean isFree(MeasuredEvent event) {
    return switch (event.pcr()) {
      case 4 ->
          event.type() == EventType.EV_EFI_ACTION
              && event.binding() == Binding.DATA
              && BootNames.BOOT_ATTEMPTS.contains(event.event().data());
      case 8 -> event.proven(Ipl.class).filter(Aspect::isCommand).isPresent();
      default -> false;
    };
  }

  private static boolean isCommand(Ipl ipl) {
    return ipl.kind() == Ipl.Kind.GRUB_COMMAND
        && !BootNames.isCommandLine(ipl.argument())
        && BootNames.isReadable(ipl.argument());
  }

  /** What the log calls it: not proven, for people only. */
  static String name(MeasuredEvent event) {
    return switch (event.event().payload()) {
      case BootPayload.Image image ->
          image.path().text().isEmpty() ? "from memory" : image.path().text();
      case Ipl ipl -> ipl.text();
      case BootPayload.Text text -> text.text();
      case BootPayload.Variable variable -> variable.name();
      default -> event.type() + ", PCR " + event.pcr();
    };
  }
}
