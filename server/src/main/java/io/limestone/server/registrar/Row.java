package io.limestone.server.registrar;

import io.limestone.wire.Bytes;
import java.time.Instant;
import java.util.Optional;

/**
 * A line of the table {@code registration}.
 *
 * @param active whether the TPM has proven it; else it is a candidate
 * @param sealedKey a candidate's challenge
 * @param registeredAt when this identity first came
 */
record Row(
    String id,
    boolean active,
    Identity identity,
    Contact contact,
    Endorsement endorsement,
    long regcount,
    Optional<Bytes> sealedKey,
    Instant registeredAt) {

  RegisteredNode node() {
    return new RegisteredNode(id, identity, contact, endorsement, identity.digest(id), regcount);
  }
}
