package io.limestone.server.registrar;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Which TPM a node is, as it registered.
 *
 * @param ekTpm TPM2B_PUBLIC
 * @param aikTpm TPM2B_PUBLIC
 * @param ekChain DER, byte for byte as delivered, the EK certificate first; empty if it has none
 */
public record Identity(
    Bytes ekTpm,
    Bytes aikTpm,
    List<Bytes> ekChain,
    Optional<Bytes> iakTpm,
    Optional<Bytes> iakCert,
    Optional<Bytes> idevidTpm,
    Optional<Bytes> idevidCert) {
  public Identity {
    ekChain = List.copyOf(ekChain);
  }

  public Optional<Bytes> ekCert() {
    return ekChain.stream().findFirst();
  }

  /**
   * SHA-256 over all of it and the id. A verifier that pins it notices when it is later given
   * another record under the same id (T9).
   */
  public Bytes digest(String id) {
    Bytes absent = Bytes.EMPTY;
    List<Bytes> parts =
        List.of(
            Bytes.of(id.getBytes(StandardCharsets.UTF_8)),
            ekTpm,
            aikTpm,
            ekCert().orElse(absent),
            iakTpm.orElse(absent),
            iakCert.orElse(absent),
            idevidTpm.orElse(absent),
            idevidCert.orElse(absent));
    // Each part with its length in front: no two records have the same text.
    Bytes[] sized =
        parts.stream()
            .flatMap(
                part ->
                    java.util.stream.Stream.of(
                        Bytes.of(ByteBuffer.allocate(4).putInt(part.size()).array()), part))
            .toArray(Bytes[]::new);
    return HashAlg.SHA256.digest(sized);
  }
}
