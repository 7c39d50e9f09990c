package io.limestone.evidence.boot;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.Optional;

/**
 * An event as one bank of the TPM knows it. Once the bank's replay has been found equal to the
 * quoted PCR, {@link #digest} is signed by the TPM, and {@link #proven} is what was measured.
 *
 * @param digest in this bank; empty if the event did not go into it
 * @param binding what the digest proves of the event's data
 */
public record MeasuredEvent(
    BootEvent event, HashAlg bank, Optional<Bytes> digest, Binding binding) {
  static MeasuredEvent of(BootEvent event, HashAlg bank) {
    Optional<Bytes> digest =
        event.isExtended() ? Optional.ofNullable(event.digests().get(bank)) : Optional.empty();
    return new MeasuredEvent(
        event, bank, digest, digest.map(d -> Bindings.of(event, bank, d)).orElse(Binding.NONE));
  }

  public int number() {
    return event.number();
  }

  public int pcr() {
    return event.pcr();
  }

  public EventType type() {
    return event.type();
  }

  /** The payload, if the digest proves it; the only one to decide by. */
  public Optional<BootPayload> proven() {
    return binding.provesPayload() ? Optional.of(event.payload()) : Optional.empty();
  }

  /** The payload if the digest proves it and it is of this kind. */
  public <P extends BootPayload> Optional<P> proven(Class<P> kind) {
    return proven().filter(kind::isInstance).map(kind::cast);
  }
}
