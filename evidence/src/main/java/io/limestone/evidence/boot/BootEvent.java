package io.limestone.evidence.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.Map;

/**
 * One event of a log: TCG_PCR_EVENT2 (PC Client Platform Firmware Profile §10.2.2), or the old
 * TCG_PCR_EVENT.
 *
 * @param number position in the log. In a crypto-agile log, 0 is the header, which is not among the
 *     events
 * @param pcr 0 to 23; {@link #NO_PCR} for EV_NO_ACTION that belongs to none
 * @param code TCG_EVENTTYPE as logged, such as 0x80000001
 * @param digests by algorithm; those of algorithms not known here are left out
 * @param data what the event says of itself, as logged
 * @param payload the same, read. Neither is proven by anything in this record: see {@link
 *     MeasuredEvent}
 */
public record BootEvent(
    int number, int pcr, long code, Map<HashAlg, Bytes> digests, Bytes data, BootPayload payload) {
  public static final int NO_PCR = -1;

  public BootEvent {
    digests = Map.copyOf(digests);
  }

  public EventType type() {
    return EventType.of(code);
  }

  /** Whether it went into a PCR. EV_NO_ACTION says something and is not extended. */
  public boolean isExtended() {
    return type() != EventType.EV_NO_ACTION;
  }
}
