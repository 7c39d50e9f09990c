package io.limestone.policy.boot;

import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.wire.Encoding;
import java.util.Optional;

/**
 * Something in a log that a policy does not accept.
 *
 * @param event the number of the event; 0 if the log as a whole is meant, such as a missing event
 * @param check what the policy demands, for people
 * @param found what there is instead; printable
 * @param expected what there should have been; printable
 * @param remedy what would make it acceptable
 * @param change the smallest change of the policy's document after which it is accepted, if the
 *     document can be changed so
 */
public record Objection(
    int event,
    String check,
    String found,
    String expected,
    String remedy,
    Optional<PolicyChange> change) {
  private static final int MAX_TEXT = 1000;

  public Objection {
    found = Encoding.printable(found, MAX_TEXT);
    expected = Encoding.printable(expected, MAX_TEXT);
  }

  static Objection of(
      MeasuredEvent event,
      String check,
      String found,
      String expected,
      String remedy,
      Optional<PolicyChange> change) {
    return new Objection(
        event.number(), check + ": " + where(event), found, expected, remedy, change);
  }

  static Objection ofLog(String check, String found, String expected, String remedy) {
    return new Objection(0, check, found, expected, remedy, Optional.empty());
  }

  static Objection unbound(MeasuredEvent event) {
    return of(
        event,
        "unbound event data",
        "data that the event's digest does not prove",
        "data whose hash is the event's digest",
        "nothing can be decided by this event; if the log is unaltered, this loader is too old for"
            + " rules about what it logs",
        Optional.empty());
  }

  private static String where(MeasuredEvent event) {
    return "event "
        + event.number()
        + " (PCR "
        + event.pcr()
        + ", "
        + (event.type() == EventType.UNKNOWN
            ? "type 0x%x".formatted(event.event().code())
            : event.type().toString())
        + ")";
  }
}
