package io.limestone.testkit;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * What a machine would have logged had it booted otherwise, made from the log of a real boot: as an
 * honest firmware and boot loader would, so that all digests are of what the events say.
 */
public final class OtherBoot {
  private static final List<String> PREFIXES = List.of("grub_cmd: ", "kernel_cmdline: ");
  private static final int GRUB_PCR = 8;
  private static final int FILE_PCR = 9;

  private OtherBoot() {}

  /** With a word more on the kernel's command line. */
  public static Bytes withArgument(Bytes log, String word) {
    BootLog before = BootLog.parse(log);
    BootLogWriter after = BootLogWriter.of(before);
    grub(before, after, OtherBoot::isCommandLine, text -> text + " " + word);
    return after.bytes();
  }

  /** With another kernel: its image, its files and its name wherever grub says it. */
  public static Bytes withKernel(Bytes log, String version, String other) {
    BootLog before = BootLog.parse(log);
    BootLogWriter after = BootLogWriter.of(before);
    UnaryOperator<String> rename = text -> text.replace(version, other);
    grub(before, after, text -> text.contains(version), rename);
    for (BootEvent event : before.events()) {
      String text = text(event);
      if (event.pcr() == FILE_PCR && text.contains(version)) {
        after.remeasure(
            event.number(),
            ascii("content of " + rename.apply(text)),
            data(event, rename.apply(text)));
      }
    }
    before.events().stream()
        .filter(event -> event.type() == EventType.EV_EFI_BOOT_SERVICES_APPLICATION)
        .reduce((first, last) -> last)
        .ifPresent(
            kernel -> after.remeasure(kernel.number(), ascii("image of " + other), kernel.data()));
    return after.bytes();
  }

  /** With Secure Boot switched off, and all else as it was. */
  public static Bytes withoutSecureBoot(Bytes log) {
    BootLog before = BootLog.parse(log);
    BootLogWriter after = BootLogWriter.of(before);
    for (BootEvent event : before.events()) {
      if (event.payload() instanceof BootPayload.Variable variable
          && variable.is(Guid.GLOBAL, "SecureBoot")) {
        byte[] off = event.data().toArray();
        off[off.length - 1] = 0;
        after.remeasure(event.number(), Bytes.of(off), Bytes.of(off));
      }
    }
    return after.bytes();
  }

  private static void grub(
      BootLog before, BootLogWriter after, Predicate<String> which, UnaryOperator<String> how) {
    for (BootEvent event : before.events()) {
      String text = text(event);
      if (event.pcr() != GRUB_PCR || !which.test(text)) {
        continue;
      }
      String changed = how.apply(text);
      String prefix = PREFIXES.stream().filter(changed::startsWith).findFirst().orElse("");
      after.remeasure(
          event.number(), ascii(changed.substring(prefix.length())), data(event, changed));
    }
  }

  private static boolean isCommandLine(String text) {
    return text.startsWith("kernel_cmdline: ") || text.startsWith("grub_cmd: linux ");
  }

  /** Without the NUL that ends it. */
  private static String text(BootEvent event) {
    return event.payload() instanceof BootPayload.Ipl ipl ? ipl.text() : "";
  }

  private static Bytes data(BootEvent event, String text) {
    byte[] before = event.data().toArray();
    boolean ended = before.length > 0 && before[before.length - 1] == 0;
    return ascii(ended ? text + "\0" : text);
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }
}
