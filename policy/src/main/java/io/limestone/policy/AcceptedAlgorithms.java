package io.limestone.policy;

import java.util.Set;

/**
 * The algorithms a node's evidence may use, by Keylime's names, as given at enrolment. What is not
 * listed is refused: an empty set refuses everything.
 *
 * @param hash {@code sha256} …: the PCR bank and the hash of the signature
 * @param encryption {@code rsa2048}, {@code ecc256} …: the kind of the attestation key; {@code rsa}
 *     and {@code ecc} are other names of these two
 * @param signing {@code rsassa}, {@code rsapss}, {@code ecdsa}
 */
public record AcceptedAlgorithms(Set<String> hash, Set<String> encryption, Set<String> signing) {
  /** What this project accepts where nobody said otherwise: no SHA-1, all else it can verify. */
  public static final AcceptedAlgorithms DEFAULT =
      new AcceptedAlgorithms(
          Set.of("sha256", "sha384", "sha512", "sm3_256"),
          Set.of("rsa2048", "rsa3072", "rsa4096", "ecc256", "ecc384", "ecc521"),
          Set.of("rsassa", "rsapss", "ecdsa"));

  public AcceptedAlgorithms {
    hash = Set.copyOf(hash);
    encryption = Set.copyOf(encryption);
    signing = Set.copyOf(signing);
  }

  public boolean acceptsHash(String name) {
    return hash.contains(name);
  }

  public boolean acceptsEncryption(String name) {
    return encryption.stream().anyMatch(one -> canonical(one).equals(canonical(name)));
  }

  public boolean acceptsSigning(String name) {
    return signing.contains(name);
  }

  private static String canonical(String encryption) {
    return switch (encryption) {
      case "rsa" -> "rsa2048";
      case "ecc" -> "ecc256";
      default -> encryption;
    };
  }
}
