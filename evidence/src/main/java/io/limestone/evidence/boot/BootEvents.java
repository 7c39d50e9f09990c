package io.limestone.evidence.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The events of one log as they are read, with what no log of any form may do. */
final class BootEvents {
  static final long NO_PCR = 0xffff_ffffL;

  private static final int MAX_EVENTS = 20_000;
  private static final int MAX_PCR = 23;

  private final List<BootEvent> events = new ArrayList<>();
  private int locality;
  private boolean localityTold;
  private boolean pcr0Extended;

  List<BootEvent> list() {
    return events;
  }

  /** Where TPM2_Startup came from, by the events so far. */
  int locality() {
    return locality;
  }

  int nextNumber() {
    return events.size() + 1;
  }

  /** Adds an event with the data of its type. */
  void add(long pcr, long code, Map<HashAlg, Bytes> digests, Bytes data) {
    EventType type = EventType.of(code);
    boolean noPcr = type == EventType.EV_NO_ACTION && pcr == NO_PCR;
    add(
        pcr,
        code,
        digests,
        data,
        PayloadParser.parse(noPcr ? BootEvent.NO_PCR : (int) pcr, type, data));
  }

  /**
   * Adds an event whose payload is not by its type.
   *
   * @throws MalformedException if it is of no PCR, has no digest, or contradicts those before it
   */
  void add(long pcr, long code, Map<HashAlg, Bytes> digests, Bytes data, BootPayload payload) {
    String where = "event " + nextNumber();
    EventType type = EventType.of(code);
    boolean noPcr = type == EventType.EV_NO_ACTION && pcr == NO_PCR;
    if (events.size() == MAX_EVENTS) {
      throw new MalformedException("event log of more than " + MAX_EVENTS + " events");
    }
    if (!noPcr && (pcr < 0 || pcr > MAX_PCR)) {
      throw new MalformedException(where + " is of PCR " + pcr);
    }
    if (type != EventType.EV_NO_ACTION && digests.isEmpty()) {
      throw new MalformedException(where + " has no digest");
    }
    int index = noPcr ? BootEvent.NO_PCR : (int) pcr;
    startsPcr0(where, index, type, payload);
    events.add(new BootEvent(nextNumber(), index, code, digests, data, payload));
  }

  /** Both that say where TPM2_Startup came from do so before anything is measured into PCR 0. */
  private void startsPcr0(String where, int pcr, EventType type, BootPayload payload) {
    if (payload instanceof BootPayload.StartupLocality startup) {
      if (startup.locality() != 0 && startup.locality() != 3 && startup.locality() != 4) {
        throw new MalformedException(where + ": startup locality " + startup.locality());
      }
      if (pcr0Extended) {
        throw new MalformedException(where + ": startup locality after PCR 0 was extended");
      }
      if (localityTold) {
        throw new MalformedException(where + ": startup locality twice");
      }
      localityTold = true;
      locality = startup.locality();
    } else if (pcr == 0 && type != EventType.EV_NO_ACTION) {
      if (!pcr0Extended && type == EventType.EV_EFI_HCRTM_EVENT && locality == 0) {
        locality = 4;
      }
      pcr0Extended = true;
    }
  }
}
