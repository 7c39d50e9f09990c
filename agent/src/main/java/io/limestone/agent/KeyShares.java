package io.limestone.agent;

import io.limestone.keylime.BootstrapKey;
import io.limestone.keylime.KeyDelivery;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.TransportKey;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Secret;
import java.security.PrivateKey;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The halves of the bootstrap key as they arrive, in either order, until a U and a V make a key
 * that U's tag confirms (pull-protocol.md section 3.7). Few halves are kept, the oldest give way. A
 * U that made a key once does not make one again (threat T3): an update comes with new halves, so
 * the same delivery a second time is a replay and is passed over in silence. Thread-safe.
 */
final class KeyShares {
  private static final int KEPT = 8;
  private static final int REMEMBERED = 256;

  private final NodeId id;
  private final PrivateKey transportKey;
  private final Deque<HalfU> us = new ArrayDeque<>();
  private final Deque<Secret> vs = new ArrayDeque<>();
  private final Set<Bytes> used = new LinkedHashSet<>();
  private Optional<BootstrapKey> current = Optional.empty();

  private record HalfU(Secret u, KeyDelivery.U delivery) {}

  /** A key that its tag confirmed, with the payload that came with its U. */
  record Unlocked(BootstrapKey key, Optional<Bytes> payload) {}

  KeyShares(NodeId id, PrivateKey transportKey) {
    this.id = id;
    this.transportKey = transportKey;
  }

  /**
   * Takes U.
   *
   * @throws io.limestone.wire.MalformedException if it is not encrypted to us or has a wrong size
   */
  synchronized Optional<Unlocked> accept(KeyDelivery.U delivery) {
    Secret u = TransportKey.unwrap(transportKey, delivery.encryptedKey());
    if (used.contains(fingerprint(delivery))) {
      Log.warning("key half U was delivered before, ignored");
      return Optional.empty();
    }
    push(us, new HalfU(u, delivery));
    return combine();
  }

  /** Takes V, as {@link #accept(KeyDelivery.U)} does U. */
  synchronized Optional<Unlocked> accept(KeyDelivery.V delivery) {
    push(vs, TransportKey.unwrap(transportKey, delivery.encryptedKey()));
    return combine();
  }

  /** The key in force, once there is one. */
  synchronized Optional<BootstrapKey> current() {
    return current;
  }

  private Optional<Unlocked> combine() {
    for (HalfU half : us) {
      for (Secret v : vs) {
        if (half.u().size() == v.size()) {
          BootstrapKey key = BootstrapKey.combine(half.u(), v);
          if (key.hasTag(half.delivery().authTag(), id)) {
            return Optional.of(take(half, key));
          }
          key.close();
        }
      }
    }
    return Optional.empty();
  }

  private Unlocked take(HalfU half, BootstrapKey key) {
    us.forEach(u -> u.u().close());
    vs.forEach(Secret::close);
    us.clear();
    vs.clear();
    used.add(fingerprint(half.delivery()));
    if (used.size() > REMEMBERED) {
      Iterator<Bytes> oldest = used.iterator();
      oldest.next();
      oldest.remove();
    }
    current = Optional.of(key);
    return new Unlocked(key, half.delivery().payload());
  }

  /** The tag names K, and K with another payload is another delivery. */
  private static Bytes fingerprint(KeyDelivery.U delivery) {
    return HashAlg.SHA256.digest(delivery.authTag(), delivery.payload().orElse(Bytes.EMPTY));
  }

  private static <T> void push(Deque<T> kept, T half) {
    if (kept.size() == KEPT) {
      kept.removeFirst();
    }
    kept.addLast(half);
  }
}
