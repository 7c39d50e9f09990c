package io.limestone.content;

import io.limestone.wire.Encoding;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.sig.NotationData;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;

/**
 * What an OpenPGP signature says of itself (RFC 9580 §5.2), as far as it is hashed; whether its
 * numbers are right is {@link #verifies}.
 */
record OpenPgpSignature(PGPSignature packet) {
  /** The clocks of a fleet are not all the same. */
  static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  /** Deprecated by RFC 9580 §9.1, and still in the keys of some distributions. */
  static final int RSA_SIGN_ONLY = 3;

  private static final Set<Integer> STRONG =
      Set.of(
          HashAlgorithmTags.SHA224,
          HashAlgorithmTags.SHA256,
          HashAlgorithmTags.SHA384,
          HashAlgorithmTags.SHA512,
          HashAlgorithmTags.SHA3_256,
          HashAlgorithmTags.SHA3_512);

  /**
   * Subpackets that may be critical: those whose meaning is followed here, or does not matter to
   * who signed. Notations, whose meaning nobody here knows, and signature targets are not among
   * them.
   */
  private static final Set<Integer> UNDERSTOOD =
      Set.of(
          SignatureSubpacketTags.CREATION_TIME,
          SignatureSubpacketTags.EXPIRE_TIME,
          SignatureSubpacketTags.EXPORTABLE,
          SignatureSubpacketTags.REVOCABLE,
          SignatureSubpacketTags.KEY_EXPIRE_TIME,
          SignatureSubpacketTags.PREFERRED_SYM_ALGS,
          SignatureSubpacketTags.REVOCATION_KEY,
          SignatureSubpacketTags.ISSUER_KEY_ID,
          SignatureSubpacketTags.PREFERRED_HASH_ALGS,
          SignatureSubpacketTags.PREFERRED_COMP_ALGS,
          SignatureSubpacketTags.KEY_SERVER_PREFS,
          SignatureSubpacketTags.PREFERRED_KEY_SERV,
          SignatureSubpacketTags.PRIMARY_USER_ID,
          SignatureSubpacketTags.POLICY_URL,
          SignatureSubpacketTags.KEY_FLAGS,
          SignatureSubpacketTags.SIGNER_USER_ID,
          SignatureSubpacketTags.REVOCATION_REASON,
          SignatureSubpacketTags.FEATURES,
          SignatureSubpacketTags.EMBEDDED_SIGNATURE,
          SignatureSubpacketTags.ISSUER_FINGERPRINT,
          SignatureSubpacketTags.PREFERRED_AEAD_ALGORITHMS);

  /** What is checked of its numbers; BouncyCastle's exceptions mean that they are not right. */
  @FunctionalInterface
  interface Check {
    boolean passes(PGPSignature signature) throws PGPException;
  }

  /** Whether the numbers are right: by this key, over what {@code check} feeds. */
  boolean verifies(PGPPublicKey key, Check check) {
    boolean versions = key.getVersion() == 6 ? version() == 6 : version() == 3 || version() == 4;
    if (!versions || family(packet.getKeyAlgorithm()) != family(key.getAlgorithm())) {
      return false;
    }
    try {
      packet.init(new BcPGPContentVerifierBuilderProvider(), key);
      return check.passes(packet);
    } catch (PGPException | RuntimeException e) {
      return false; // of a kind that this key cannot make, or numbers that are none
    }
  }

  private static int family(int algorithm) {
    return algorithm == RSA_SIGN_ONLY ? PublicKeyAlgorithmTags.RSA_GENERAL : algorithm;
  }

  int version() {
    return packet.getVersion();
  }

  /** Why it does not count, whoever made it. */
  Optional<String> flaw(Instant now) {
    if (!isStrong()) {
      return Optional.of("it is by " + hashName() + ", which can be forged");
    }
    if (madeAt().isEmpty()) {
      return Optional.of("it does not say when it was made");
    }
    if (madeAt().get().isAfter(now.plus(CLOCK_SKEW))) {
      return Optional.of("it was made in the future, at " + madeAt().get());
    }
    if (hasExpired(now)) {
      return Optional.of("it has expired");
    }
    return unknownDemand();
  }

  boolean isStrong() {
    return STRONG.contains(packet.getHashAlgorithm());
  }

  String hashName() {
    return switch (packet.getHashAlgorithm()) {
      case HashAlgorithmTags.MD5 -> "MD5";
      case HashAlgorithmTags.SHA1 -> "SHA-1";
      case HashAlgorithmTags.RIPEMD160 -> "RIPEMD-160";
      default -> "hash " + packet.getHashAlgorithm();
    };
  }

  /** Of the hashed part; anybody can write the other one. */
  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  Optional<Instant> madeAt() {
    return version() == 3
        ? Optional.of(packet.getCreationTime().toInstant())
        : Optional.ofNullable(packet.getHashedSubPackets().getSignatureCreationTime())
            .map(java.util.Date::toInstant);
  }

  boolean hasExpired(Instant now) {
    long seconds = version() == 3 ? 0 : packet.getHashedSubPackets().getSignatureExpirationTime();
    return seconds > 0 && !madeAt().orElse(Instant.MIN).plusSeconds(seconds).isAfter(now);
  }

  /** A critical subpacket (RFC 9580 §5.2.3.7) that this code does not understand. */
  Optional<String> unknownDemand() {
    if (version() == 3) {
      return Optional.empty();
    }
    for (NotationData notation : packet.getHashedSubPackets().getNotationDataOccurrences()) {
      if (notation.isCritical()) {
        return Optional.of(
            "it demands a notation that is not known: "
                + Encoding.printable(notation.getNotationName(), 80));
      }
    }
    return Arrays.stream(packet.getHashedSubPackets().getCriticalTags())
        .filter(tag -> !UNDERSTOOD.contains(tag))
        .mapToObj(tag -> "it demands subpacket " + tag + ", which is not known")
        .findFirst();
  }
}
