package io.limestone.policy;

import io.limestone.wire.Bytes;
import java.util.List;
import java.util.Optional;

/** A DSSE envelope. */
public record SignedPolicy(Bytes payload, String payloadType, List<Signature> signatures) {
  public SignedPolicy {
    signatures = List.copyOf(signatures);
  }

  /** One signature of an envelope. */
  public record Signature(Optional<String> keyId, Bytes sig) {}
}
