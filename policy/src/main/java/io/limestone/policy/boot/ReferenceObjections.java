package io.limestone.policy.boot;

import io.limestone.evidence.boot.MeasuredEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a reference state has against one log so far, and how often each kind of event was there.
 */
final class ReferenceObjections {
  private static final String REMEDY =
      "if this boot is right, make the reference state anew from its log: limestone policy create"
          + " measured-boot --format keylime";

  private final List<Objection> objections = new ArrayList<>();
  private final Map<String, Integer> seen = new HashMap<>();

  void atMost(int times, MeasuredEvent event, String what) {
    if (seen.merge("PCR " + event.pcr() + " " + what, 1, Integer::sum) > times) {
      refuse(event, "not more than " + times + " of these", what, String.valueOf(times));
    }
  }

  void unexpected(MeasuredEvent event) {
    refuse(event, "events of this PCR and type are expected", "an event of them", "none");
  }

  void unbound(MeasuredEvent event) {
    objections.add(Objection.unbound(event));
  }

  void missing(MandatoryEvents.Missing event) {
    objections.add(event.objection(REMEDY, Optional.empty()));
  }

  void refuse(MeasuredEvent event, String check, String found, String expected) {
    objections.add(Objection.of(event, check, found, expected, REMEDY, Optional.empty()));
  }

  void refuseLog(String check, String found, String expected) {
    objections.add(Objection.ofLog(check, found, expected, REMEDY));
  }

  Judgement judgement() {
    return new Judgement(objections, List.of(), Set.of());
  }
}
