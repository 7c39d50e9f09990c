package io.limestone.evidence;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.Map;

/**
 * One event of a TCG event log: TCG_PCR_EVENT2 (PC Client Platform Firmware Profile §10.2.2).
 *
 * @param number position in the log; 0 is the Spec ID event, which is not among these
 * @param pcr 0 to 23
 * @param type TCG_EVENTTYPE, such as 0x80000001
 * @param digests by algorithm; those of algorithms not known here are left out
 * @param data what the event says of itself. Not bound to the digests by anything
 */
public record BootEvent(int number, int pcr, long type, Map<HashAlg, Bytes> digests, Bytes data) {
  /** EV_NO_ACTION: says something and is not extended. */
  public static final long NO_ACTION = 3;

  public BootEvent {
    digests = Map.copyOf(digests);
  }

  boolean isExtended() {
    return type != NO_ACTION;
  }
}
