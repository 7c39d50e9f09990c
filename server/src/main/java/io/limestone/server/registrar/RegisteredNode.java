package io.limestone.server.registrar;

import io.limestone.wire.Bytes;

/**
 * A registered identity that a TPM has proven (active).
 *
 * @param id as the node sent it, compared byte for byte
 * @param digest of the identity: a verifier pins it (T9)
 * @param regcount how often it was registered
 */
public record RegisteredNode(
    String id,
    Identity identity,
    Contact contact,
    Endorsement endorsement,
    Bytes digest,
    long regcount) {}
