package io.limestone.policy.boot;

import io.limestone.evidence.boot.Binding;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.boot.JudgementDraft.Matches;
import io.limestone.wire.Bytes;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One log against a boot policy of our own. Every event is judged once: by a rule over its data, if
 * its digest proves them and there is such a rule; if not, by its digest.
 */
final class BootRulesCheck {
  private final BootRules rules;
  private final JudgementDraft draft;
  private final SecureBootCheck secureBoot;
  private final CommandLineCheck commandLines;

  BootRulesCheck(BootRules rules, Optional<Instant> now) {
    this.rules = rules;
    this.draft = new JudgementDraft(now);
    this.secureBoot = new SecureBootCheck(rules, draft);
    this.commandLines = new CommandLineCheck(rules.commandLines(), draft);
  }

  Judgement judge(List<MeasuredEvent> events) {
    for (MeasuredEvent event : events) {
      if (event.event().isExtended() && !draft.isFull()) {
        Aspect.of(event).ifPresent(aspect -> take(event, aspect));
      }
    }
    MandatoryEvents.missing(events, rules.absent()).forEach(this::missing);
    commandLines.finish();
    secureBoot.finish();
    return draft.judgement();
  }

  private void take(MeasuredEvent event, Aspect aspect) {
    if (event.binding() == Binding.BROKEN) {
      draft.object(Objection.unbound(event));
      return;
    }
    boolean judged =
        (event.pcr() < MandatoryEvents.FIRMWARE_PCRS && MandatoryEvents.isSeparator(event))
            || Aspect.isFree(event)
            || secureBoot.judges(event)
            || commandLines.judges(event);
    if (!judged) {
      measured(event, aspect);
    }
  }

  private void measured(MeasuredEvent event, Aspect aspect) {
    List<Allowed> all = rules.measured().get(aspect);
    if (all == null) {
      return; // "any"
    }
    Matches matches = draft.matches(aspect.member());
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).is(event)) {
        matches.add(i, all.get(i).name(), all.get(i).window());
      }
    }
    if (!matches.accepted()) {
      Optional<PolicyChange> change =
          event
              .digest()
              .map(
                  digest ->
                      PolicyChange.add("/" + aspect.member() + "/-", Allowed.entry(event, digest)));
      draft.object(
          Objection.of(
              event,
              "what is measured is among the policy's \"" + aspect.member() + "\"",
              event.digest().map(Bytes::hex).orElse("no digest in this bank")
                  + " "
                  + Aspect.name(event),
              matches.expected(all.size()),
              "if it belongs to this machine, add it to \"" + aspect.member() + "\" by its digest",
              change));
    }
  }

  private void missing(MandatoryEvents.Missing missing) {
    boolean excusable =
        missing.count() == 0
            && MandatoryEvents.VARIABLES.containsKey(missing.name())
            && !(missing.name().equals("SecureBoot") && rules.secureBoot().isPresent());
    draft.object(
        missing.objection(
            excusable
                ? "if this machine's firmware never logs it, say so under \"absent\""
                : "the log was altered, or the firmware is at fault: nothing else follows from it",
            excusable
                ? Optional.of(PolicyChange.add("/absent/-", missing.name()))
                : Optional.empty()));
  }
}
