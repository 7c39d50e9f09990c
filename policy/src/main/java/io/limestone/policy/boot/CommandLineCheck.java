package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload.Ipl;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.JudgementDraft.Matches;
import java.util.List;
import java.util.Optional;

/** Kernels' command lines, by whatever label, against {@code command_lines}. */
final class CommandLineCheck {
  private static final int GRUB_PCR = 8;
  private static final int STUB_PCR = 12;

  /** Empty: any will do. */
  private final Optional<List<CommandLine>> allowed;

  private final JudgementDraft draft;
  private boolean seen;

  CommandLineCheck(Optional<List<CommandLine>> allowed, JudgementDraft draft) {
    this.allowed = allowed;
    this.draft = draft;
  }

  /** Whether the event is a kernel's command line, and so was judged. */
  boolean judges(MeasuredEvent event) {
    Optional<String> text = of(event);
    if (text.isEmpty()) {
      return false;
    }
    seen = true;
    allowed.ifPresent(all -> judge(event, text.get(), all));
    return true;
  }

  /** The command line that an event proves. */
  private static Optional<String> of(MeasuredEvent event) {
    if (event.type() != EventType.EV_IPL || (event.pcr() != GRUB_PCR && event.pcr() != STUB_PCR)) {
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
        .map(Ipl::argument)
        .filter(BootNames::isReadable);
  }

  private void judge(MeasuredEvent event, String text, List<CommandLine> all) {
    Matches matches = draft.matches("command_lines");
    String nearest = "no command line is allowed";
    for (int i = 0; i < all.size(); i++) {
      Optional<String> objection = all.get(i).objection(text);
      if (objection.isEmpty()) {
        matches.add(i, all.get(i).toString(), all.get(i).window());
      } else {
        nearest = objection.get();
      }
    }
    if (!matches.accepted()) {
      draft.object(
          Objection.of(
              event,
              "the kernel's command line is one of the policy's command_lines",
              text + " (" + (matches.isEmpty() ? nearest : "see below") + ")",
              matches.expected(all.size()),
              "if it is right, add it to command_lines",
              Optional.of(PolicyChange.add("/command_lines/-", CommandLine.entry(text)))));
    }
  }

  /** Where some are allowed, there must have been one. */
  void finish() {
    if (!seen && allowed.filter(lines -> !lines.isEmpty()).isPresent()) {
      draft.object(
          "the kernel's command line is known",
          "no proven command line",
          "one, as grub and systemd-stub measure it");
    }
  }
}
