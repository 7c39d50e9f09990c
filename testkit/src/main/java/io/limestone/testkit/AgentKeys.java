package io.limestone.testkit;

import io.limestone.keylime.BootstrapKey;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Payload;
import io.limestone.keylime.TransportKey;
import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an agent does with key halves: it keeps every U and V, tries each pair, and the first whose
 * tag fits gives K (pull-protocol.md section 3.7). Safe for use by several threads.
 */
public final class AgentKeys {
  private record HalfU(Secret half, Bytes authTag, Optional<Bytes> payload) {}

  private final NodeId id;
  private final PrivateKey transport;
  private final List<HalfU> us = new ArrayList<>();
  private final List<Secret> vs = new ArrayList<>();
  private int deliveriesOfV;
  private Optional<BootstrapKey> key = Optional.empty();
  private Optional<Secret> payload = Optional.empty();

  AgentKeys(NodeId id, PrivateKey transport) {
    this.id = id;
    this.transport = transport;
  }

  synchronized void receive(KeyDelivery delivery) {
    Secret half = TransportKey.unwrap(transport, delivery.encryptedKey());
    switch (delivery) {
      case KeyDelivery.U u -> us.add(new HalfU(half, u.authTag(), u.payload()));
      case KeyDelivery.V v -> {
        vs.add(half);
        deliveriesOfV++;
      }
    }
    combine();
  }

  private void combine() {
    for (HalfU u : us) {
      for (Secret v : vs) {
        if (u.half().size() == v.size()) {
          BootstrapKey candidate = BootstrapKey.combine(u.half(), v);
          if (candidate.hasTag(u.authTag(), id)) {
            key = Optional.of(candidate);
            payload = u.payload().map(envelope -> Payload.open(candidate, envelope));
            us.clear();
            vs.clear();
            return;
          }
        }
      }
    }
  }

  synchronized Optional<String> proof(String challenge) {
    return key.map(k -> k.proof(challenge));
  }

  /** Whether U and V came together. */
  public synchronized boolean unlocked() {
    return key.isPresent();
  }

  /** The payload in the clear, once unlocked. */
  public synchronized Optional<Secret> payload() {
    return payload;
  }

  /** How often a V came in: none must while the node is not trusted. */
  public synchronized int deliveriesOfV() {
    return deliveriesOfV;
  }
}
