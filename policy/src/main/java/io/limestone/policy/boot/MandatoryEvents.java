package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootPayload.Separator;
import io.limestone.evidence.boot.BootPayload.Variable;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What every UEFI firmware logs (PC Client Platform Firmware Profile §3.3.4): one separator in each
 * of PCR 0 to 7, and before PCR 7's the variables of Secure Boot. Rules about events that are there
 * say nothing if the events are not.
 */
final class MandatoryEvents {
  static final int FIRMWARE_PCRS = 8;

  /** Variables by name. */
  static final Map<String, Guid> VARIABLES = variables();

  private MandatoryEvents() {}

  private static Map<String, Guid> variables() {
    Map<String, Guid> variables = new LinkedHashMap<>();
    variables.put("SecureBoot", Guid.GLOBAL);
    variables.put("PK", Guid.GLOBAL);
    variables.put("KEK", Guid.GLOBAL);
    variables.put("db", Guid.IMAGE_SECURITY);
    variables.put("dbx", Guid.IMAGE_SECURITY);
    return variables;
  }

  /**
   * An event that should be there once.
   *
   * @param name the variable's, or {@code separator N}
   * @param count how often it is there, at the right place and proven
   */
  record Missing(String name, int count) {
    Objection objection(String remedy, Optional<PolicyChange> change) {
      return new Objection(
          0,
          "mandatory events are in the log: " + name,
          "there " + count + " times, where it belongs and proven by its digest",
          "once",
          remedy,
          change);
    }
  }

  /** What is not there exactly once, apart from {@code excused}. */
  static List<Missing> missing(List<MeasuredEvent> events, Set<String> excused) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    VARIABLES.keySet().forEach(name -> counts.put(name, 0));
    for (int pcr = 0; pcr < FIRMWARE_PCRS; pcr++) {
      counts.put(separator(pcr), 0);
    }
    for (MeasuredEvent event : events) {
      if (event.pcr() == 7
          && event.type() == EventType.EV_EFI_VARIABLE_DRIVER_CONFIG
          && counts.getOrDefault(separator(7), 0) == 0) {
        event
            .proven(Variable.class)
            .filter(variable -> variable.guid().equals(VARIABLES.get(variable.name())))
            .ifPresent(variable -> counts.merge(variable.name(), 1, Integer::sum));
      } else if (event.pcr() >= 0 && event.pcr() < FIRMWARE_PCRS && isSeparator(event)) {
        counts.merge(separator(event.pcr()), 1, Integer::sum);
      }
    }
    List<Missing> missing = new ArrayList<>();
    counts.forEach(
        (name, count) -> {
          if (count != 1 && !(count == 0 && excused.contains(name))) {
            missing.add(new Missing(name, count));
          }
        });
    return missing;
  }

  private static String separator(int pcr) {
    return "separator " + pcr;
  }

  /** Zeros or ones; other values tell of an error of the firmware. */
  static boolean isSeparator(MeasuredEvent event) {
    return event
        .proven(Separator.class)
        .map(Separator::data)
        .filter(data -> data.size() == 4 && (data.isAll(0) || data.isAll(0xff)))
        .isPresent();
  }

  static boolean isZeroSeparator(MeasuredEvent event) {
    return event
        .proven(Separator.class)
        .filter(s -> s.data().equals(Bytes.of(new byte[4])))
        .isPresent();
  }
}
