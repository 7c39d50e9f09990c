package io.limestone.server.registrar;

import io.limestone.wire.Bytes;
import java.util.Optional;

/**
 * A registered identity that a TPM has proven (active).
 *
 * @param id as the node sent it, compared byte for byte
 * @param ekTpm TPM2B_PUBLIC of the EK
 * @param aikTpm TPM2B_PUBLIC of the AK
 * @param ekCert DER, byte for byte as delivered; the first of the chain
 * @param mtlsCert PEM or {@code disabled}
 * @param digest SHA-256 over the identity (EK, AK, certificates): a verifier pins it (T9)
 * @param endorsement what checking the EK certificate gave
 */
public record RegisteredNode(
    String id,
    Bytes ekTpm,
    Bytes aikTpm,
    Optional<Bytes> ekCert,
    Optional<String> mtlsCert,
    Optional<String> ip,
    Optional<Integer> port,
    long regcount,
    Bytes digest,
    Endorsement endorsement) {}
