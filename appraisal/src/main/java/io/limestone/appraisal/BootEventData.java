package io.limestone.appraisal;

import io.limestone.evidence.boot.Binding;
import io.limestone.evidence.boot.MeasuredEvent;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The data of an event log against its digests. The TPM vouches for digests only; whoever sends the
 * log can write any command line, Secure Boot state or key beside true ones. So each event whose
 * digest should be the hash of its data must have it, whatever the policy; and what the digest does
 * not prove is not used, and the notes say so.
 */
final class BootEventData {
  private BootEventData() {}

  static void check(List<MeasuredEvent> events, Findings findings) {
    events.stream()
        .filter(event -> event.binding() == Binding.BROKEN)
        .forEach(event -> broken(event, findings));
    SortedMap<String, Long> unproven =
        events.stream()
            .filter(event -> event.binding() == Binding.OBJECT)
            .collect(
                Collectors.groupingBy(
                    event -> "PCR " + event.pcr() + " " + event.type(),
                    TreeMap::new,
                    Collectors.counting()));
    if (!unproven.isEmpty()) {
      findings.note(
          "measured boot: only the digest counts, the data beside it is not proven and not used: "
              + unproven.entrySet().stream()
                  .map(kind -> kind.getValue() + " of " + kind.getKey())
                  .collect(Collectors.joining(", ")));
    }
  }

  private static void broken(MeasuredEvent event, Findings findings) {
    String where = "event " + event.number() + " (PCR " + event.pcr() + ", " + event.type() + ")";
    findings.fail(
        "measured_boot.unbound_event_data",
        "the digest of " + where + " is the hash of its data",
        "the hash of other data: " + event.digest().orElse(event.bank().zeros()).hex(),
        "the hash of the data that the log shows",
        "what the log says here is not what was measured: it was altered on the node. Treat the node"
            + " as compromised until its unchanged log is seen");
  }
}
