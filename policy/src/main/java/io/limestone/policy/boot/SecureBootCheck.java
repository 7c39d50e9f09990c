package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.evidence.boot.VariableValue;
import io.limestone.policy.boot.JudgementDraft.Matches;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * PCR 7 by its data: Secure Boot's state, the keys, what is revoked, and what let programs start.
 */
final class SecureBootCheck {
  private static final int PCR = 7;
  private static final Guid CERTIFICATE = SignatureList.X509;

  private final BootRules rules;
  private final JudgementDraft draft;

  /**
   * The least generation that any SbatLevel event demands, by component: software can add an event
   * of its own to the PCR later, but it cannot take shim's away.
   */
  private Optional<Map<String, Long>> generations = Optional.empty();

  SecureBootCheck(BootRules rules, JudgementDraft draft) {
    this.rules = rules;
    this.draft = draft;
  }

  /** Whether a rule over its data has judged the event. */
  boolean judges(MeasuredEvent event) {
    return event.pcr() == PCR
        && event.proven(Variable.class).filter(variable -> judges(event, variable)).isPresent();
  }

  private boolean judges(MeasuredEvent event, Variable variable) {
    boolean authority = event.type() == EventType.EV_EFI_VARIABLE_AUTHORITY;
    if (variable.is(Guid.GLOBAL, "SecureBoot")) {
      state(event, variable);
      return true;
    }
    return switch (variable.value()) {
      case VariableValue.SignatureLists lists when !authority && isDatabase(variable) -> {
        for (SignatureList list : lists.lists()) {
          list.signatures()
              .forEach(signature -> key(event, variable.name(), list.type(), signature.data()));
        }
        yield true;
      }
      case VariableValue.SignatureLists lists
          when !authority && variable.is(Guid.IMAGE_SECURITY, "dbx") -> {
        revoked(event, lists);
        yield true;
      }
      case VariableValue.Authority(var owner, Bytes data) when authority -> {
        authority(event, variable, data);
        yield true;
      }
      case VariableValue.Text text when authority && variable.is(Guid.SHIM_LOCK, "SbatLevel") -> {
        Map<String, Long> levels = levels(text.text());
        generations = Optional.of(generations.map(before -> least(before, levels)).orElse(levels));
        yield true;
      }
      default -> false;
    };
  }

  private static boolean isDatabase(Variable variable) {
    return variable.is(Guid.GLOBAL, "PK")
        || variable.is(Guid.GLOBAL, "KEK")
        || variable.is(Guid.IMAGE_SECURITY, "db");
  }

  private void state(MeasuredEvent event, Variable variable) {
    boolean good =
        variable.value() instanceof VariableValue.Flag(boolean set)
            && (rules.secureBoot().isEmpty() || rules.secureBoot().get() == set);
    if (!good) {
      boolean wanted = rules.secureBoot().orElse(true);
      draft.object(
          Objection.of(
              event,
              "Secure Boot is " + (wanted ? "on" : "off"),
              "SecureBoot is " + (variable.data().isAll(0) ? "off" : variable.data().hex()),
              wanted ? "on" : "off",
              wanted
                  ? "turn Secure Boot on in the machine's firmware"
                  : "if it shall be on, set secure_boot to true in the policy",
              Optional.of(PolicyChange.replace("/secure_boot", !wanted))));
    }
  }

  private void authority(MeasuredEvent event, Variable variable, Bytes data) {
    List<SignatureList.Signature> vendor =
        variable.name().equals("vendor_db") ? BootNames.vendorKeys(variable.data()) : List.of();
    if (vendor.isEmpty()) {
      Guid type = data.size() == HashAlg.SHA256.size() ? SignatureList.SHA256 : CERTIFICATE;
      key(event, "authorities", type, data);
    } else {
      vendor.forEach(one -> key(event, "authorities", CERTIFICATE, one.data()));
    }
  }

  private void key(MeasuredEvent event, String list, Guid type, Bytes data) {
    List<AllowedKey> all = rules.keys().get(list);
    if (all == null) {
      return; // "any"
    }
    Matches matches = draft.matches("keys/" + list);
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).is(type, data)) {
        matches.add(i, all.get(i).name(), all.get(i).window());
      }
    }
    if (!matches.accepted()) {
      draft.object(
          Objection.of(
              event,
              list.equals("authorities")
                  ? "what let a program start is among the policy's keys.authorities"
                  : "every key of " + list + " is among the policy's keys." + list,
              BootNames.of(type, data),
              matches.expected(all.size()),
              "if this key is right, add it to keys." + list + " by its sha256",
              Optional.of(PolicyChange.add("/keys/" + list + "/-", AllowedKey.entry(type, data)))));
    }
  }

  private void revoked(MeasuredEvent event, VariableValue.SignatureLists lists) {
    Set<Bytes> there = new HashSet<>();
    for (SignatureList list : lists.lists()) {
      list.signatures().forEach(one -> there.add(AllowedKey.id(list.type(), one.data())));
    }
    List<Bytes> lacking = new ArrayList<>();
    for (Demanded.Revoked one : rules.dbx()) {
      if (!there.contains(one.sha256())
          && draft.isDue(one, "dbx: what will be demanded is not revoked yet")) {
        lacking.add(one.sha256());
      }
    }
    if (!lacking.isEmpty()) {
      draft.object(
          Objection.of(
              event,
              "dbx revokes what the policy demands",
              lacking.size()
                  + " of "
                  + rules.dbx().size()
                  + " are not revoked, such as "
                  + lacking.getFirst().hex(),
              "all of them",
              "update the machine's dbx (fwupdmgr update)",
              Optional.empty()));
    }
  }

  /** What can only be said when all events have been seen. */
  void finish() {
    for (Demanded.Generation one : rules.sbat()) {
      long level = generations.map(levels -> levels.getOrDefault(one.component(), 0L)).orElse(0L);
      String found = generations.isEmpty() ? "no proven SbatLevel" : one.component() + " " + level;
      if (level < one.level()
          && draft.isDue(one, "sbat: " + found + "; " + one.level() + " will be demanded")) {
        draft.object(
            "SbatLevel demands at least generation " + one.level() + " of " + one.component(),
            found,
            one.component() + " " + one.level());
      }
    }
  }

  /**
   * Lines of component, generation and more. Those of another form say nothing, and of a component
   * named twice, the lower counts.
   */
  static Map<String, Long> levels(String text) {
    Map<String, Long> levels = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      String[] fields = line.strip().split(",", -1);
      if (fields.length >= 2 && fields[1].matches("[0-9]{1,9}")) {
        levels.merge(fields[0], Long.valueOf(fields[1]), Math::min);
      }
    }
    return levels;
  }

  /** A component that one of the two does not name has no generation. */
  private static Map<String, Long> least(Map<String, Long> some, Map<String, Long> others) {
    Map<String, Long> least = new HashMap<>(some);
    least.keySet().retainAll(others.keySet());
    least.replaceAll((component, level) -> Math.min(level, others.getOrDefault(component, 0L)));
    return least;
  }
}
