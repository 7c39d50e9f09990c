package io.limestone.evidence.boot;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.BootPayload.Ipl.Kind;
import io.limestone.wire.Bytes;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** EV_IPL by its text: which boot loader's it is, and what of it was measured. */
final class IplParser {
  private static final int GRUB_PCR = 8;
  private static final int FILE_PCR = 9;
  private static final int MOK_PCR = 14;

  /** The specifics first: {@code grub_cmd } is how grub wrote before it took to colons. */
  private static final List<Prefix> PREFIXES =
      List.of(
          new Prefix("grub_cmd: ", Kind.GRUB_COMMAND),
          new Prefix("kernel_cmdline: ", Kind.KERNEL_COMMAND_LINE),
          new Prefix("module_cmdline: ", Kind.MODULE_COMMAND_LINE),
          new Prefix("grub_kernel_cmdline ", Kind.KERNEL_COMMAND_LINE),
          new Prefix("grub_cmd ", Kind.GRUB_COMMAND));

  /** systemd-stub's descriptions of archives that it makes; none is an argument of a kernel. */
  private static final Set<String> UKI_INITRDS =
      Set.of(
          "Credentials initrd",
          "Global credentials initrd",
          "System extension initrd",
          "Configuration extension initrd");

  private record Prefix(String text, Kind kind) {}

  private IplParser() {}

  static Ipl parse(int pcr, Bytes data) {
    if (Texts.isUtf16(data)) {
      String text = Texts.utf16(data);
      return new Ipl(uki(text, data), text, text);
    }
    String text = Texts.utf8(data);
    for (Prefix prefix : PREFIXES) {
      if (pcr == GRUB_PCR && text.startsWith(prefix.text)) {
        return new Ipl(prefix.kind, text, text.substring(prefix.text.length()));
      }
    }
    Kind kind =
        switch (pcr) {
          case FILE_PCR -> Kind.FILE;
          case MOK_PCR -> Kind.MOK;
          default -> Kind.OTHER;
        };
    return new Ipl(kind, text, text);
  }

  /**
   * Arguments are all of the data, and ASCII: what only begins like a text may be anything, such as
   * an archive that was measured and would pass for a command line.
   */
  private static Kind uki(String text, Bytes data) {
    if (UKI_INITRDS.contains(text)) {
      return Kind.UKI_INITRD;
    }
    if (text.startsWith(".")) {
      return Kind.UKI_SECTION;
    }
    boolean whole = data.slice(2 * text.length(), data.size()).isAll(0);
    boolean ascii = text.chars().allMatch(c -> (c >= 0x20 && c <= 0x7e) || c == '\t' || c == '\n');
    return whole && ascii ? Kind.UKI_COMMAND_LINE : Kind.OTHER;
  }

  /**
   * The bytes whose hash a loader measures when it measures text: those behind the prefix, without
   * the NUL; a UKI's arguments in UTF-16, without it; or a section's name in ASCII, with it.
   */
  static Optional<Bytes> measured(Ipl ipl, Bytes data) {
    return switch (ipl.kind()) {
      case GRUB_COMMAND, KERNEL_COMMAND_LINE, MODULE_COMMAND_LINE -> {
        int from = ipl.text().length() - ipl.argument().length(); // the prefix is ASCII
        yield Optional.of(data.slice(from, end(data)));
      }
      case UKI_SECTION -> Optional.of(Texts.ascii(ipl.text() + "\0"));
      case UKI_COMMAND_LINE -> Optional.of(data.slice(0, 2 * ipl.text().length()));
      case UKI_INITRD, MOK, FILE, OTHER -> Optional.empty();
    };
  }

  static int end(Bytes data) {
    byte[] bytes = data.toArray();
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return end;
  }
}
