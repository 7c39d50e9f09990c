package io.limestone.content;

import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.bouncycastle.bcpg.PublicKeyAlgorithmTags;
import org.bouncycastle.bcpg.SignatureSubpacketTags;
import org.bouncycastle.bcpg.sig.KeyFlags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.PGPSignatureSubpacketVector;
import org.bouncycastle.openpgp.operator.bc.BcKeyFingerprintCalculator;

/**
 * An OpenPGP certificate (RFC 9580 §10.1): a primary key, its subkeys, and what the primary key has
 * signed about them. The operator trusts the primary key; which keys may sign for it, and how long,
 * only its own newest signatures say. Certifications by others are passed over.
 */
final class OpenPgpCertificate {
  /** Each costs a public key operation, and anybody can add some. */
  private static final int MAX_SIGNATURES = 1000;

  private static final int MIN_BITS = 2048;

  private final PGPPublicKey primary;
  private final List<PGPPublicKey> keys = new ArrayList<>();

  private OpenPgpCertificate(PGPPublicKeyRing ring) {
    this.primary = ring.getPublicKey();
    ring.getPublicKeys().forEachRemaining(keys::add);
  }

  /**
   * Reads the packets of one certificate, without the armour.
   *
   * @throws MalformedException if they are none, or of a kind that is not known
   */
  static OpenPgpCertificate parse(byte[] packets) {
    try (ByteArrayInputStream in = new ByteArrayInputStream(packets)) {
      OpenPgpCertificate certificate =
          new OpenPgpCertificate(new PGPPublicKeyRing(in, new BcKeyFingerprintCalculator()));
      if (certificate.primary.getVersion() != 4 && certificate.primary.getVersion() != 6) {
        throw new MalformedException("OpenPGP: a key of another version than 4 and 6");
      }
      return certificate;
    } catch (IOException e) {
      throw new MalformedException("OpenPGP: not a key", e);
    } catch (MalformedException e) {
      throw e;
    } catch (RuntimeException e) { // BouncyCastle's, for what it cannot read
      throw new MalformedException("OpenPGP: not a key", e);
    }
  }

  List<PGPPublicKey> keys() {
    return List.copyOf(keys);
  }

  /** A key for people: fingerprint, and who the certificate says it belongs to. */
  String name(PGPPublicKey key) {
    String fingerprint = Bytes.of(key.getFingerprint()).hex().toUpperCase(Locale.ROOT);
    Iterator<byte[]> ids = primary.getRawUserIDs();
    return ids.hasNext()
        ? fingerprint
            + " ("
            + Encoding.printable(new String(ids.next(), StandardCharsets.UTF_8), 100)
            + ")"
        : fingerprint;
  }

  /** Why one of its keys may not sign documents now. BouncyCastle's signatures hold state. */
  synchronized Optional<String> refusal(PGPPublicKey key, Instant now) {
    Optional<String> ofPrimary = refusalOfPrimary(now);
    if (ofPrimary.isPresent()) {
      return ofPrimary.map(why -> key.isMasterKey() ? why : "its primary key: " + why);
    }
    Optional<String> weak = weakness(key);
    if (weak.isPresent()) {
      return weak;
    }
    return key.isMasterKey() ? signsItself(now) : refusalOfSubkey(key, now);
  }

  private static Optional<String> weakness(PGPPublicKey key) {
    return switch (key.getAlgorithm()) {
      case PublicKeyAlgorithmTags.RSA_GENERAL,
          OpenPgpSignature.RSA_SIGN_ONLY,
          PublicKeyAlgorithmTags.DSA ->
          key.getBitStrength() < MIN_BITS
              ? Optional.of("it has only " + key.getBitStrength() + " bits")
              : Optional.empty();
      case PublicKeyAlgorithmTags.ECDSA,
          PublicKeyAlgorithmTags.EDDSA_LEGACY,
          PublicKeyAlgorithmTags.Ed25519,
          PublicKeyAlgorithmTags.Ed448 ->
          Optional.empty();
      default -> Optional.of("it is no key for signatures");
    };
  }

  /**
   * A revocation counts for ever, whatever its reason, hash, or date. One of version 3 is believed
   * as it stands: BouncyCastle cannot verify it, and the file of keys is the operator's own.
   */
  private Optional<String> refusalOfPrimary(Instant now) {
    for (OpenPgpSignature one : signatures(primary, PGPSignature.KEY_REVOCATION)) {
      if (one.version() == 3
          || one.verifies(primary, signature -> signature.verifyCertification(primary))
          || isByDesignatedRevoker(one)) {
        return Optional.of("it is revoked");
      }
    }
    List<OpenPgpSignature> own = newestOfItself(now);
    if (own.isEmpty()) {
      return Optional.of("it has no signature by itself that says what it may do");
    }
    for (OpenPgpSignature one : own) {
      // SHA-1 is let pass here and nowhere else: the operator trusts this key already, and what it
      // says of itself adds no key. Keys of many distributions are still like that.
      Optional<String> flaw = one.hashName().equals("SHA-1") ? one.unknownDemand() : one.flaw(now);
      Optional<String> expired = expired(primary, one, now);
      if (flaw.isPresent() || expired.isPresent()) {
        return expired.isPresent()
            ? expired
            : flaw.map(why -> "what it says of itself does not count: " + why);
      }
    }
    return Optional.empty();
  }

  private Optional<String> signsItself(Instant now) {
    return newestOfItself(now).stream().anyMatch(one -> !mayHaveFlag(one))
        ? Optional.of("it may not sign documents, only other things")
        : Optional.empty();
  }

  private static boolean mayHaveFlag(OpenPgpSignature one) {
    PGPSignatureSubpacketVector hashed = one.packet().getHashedSubPackets();
    return !hashed.hasSubpacket(SignatureSubpacketTags.KEY_FLAGS)
        || (hashed.getKeyFlags() & KeyFlags.SIGN_DATA) != 0;
  }

  /** Of both kinds, for each may restrict what the other leaves open. */
  private List<OpenPgpSignature> newestOfItself(Instant now) {
    List<OpenPgpSignature> direct =
        signatures(primary, PGPSignature.DIRECT_KEY).stream()
            .filter(one -> one.verifies(primary, s -> s.verifyCertification(primary)))
            .toList();
    List<OpenPgpSignature> users = new ArrayList<>();
    Iterator<byte[]> ids = primary.getRawUserIDs();
    while (ids.hasNext()) {
      users.addAll(certifications(ids.next()));
    }
    return Stream.of(newest(direct, now), newest(users, now)).flatMap(Optional::stream).toList();
  }

  /** Of a user id, and by the key itself, unless they were revoked later. */
  private List<OpenPgpSignature> certifications(byte[] id) {
    List<OpenPgpSignature> all = new ArrayList<>();
    Iterator<PGPSignature> some = primary.getSignaturesForID(id);
    while (some != null && some.hasNext()) {
      OpenPgpSignature one = new OpenPgpSignature(some.next());
      if (one.packet().getKeyID() == primary.getKeyID() && one.version() != 3) {
        all.add(one);
      }
    }
    bound(all.size());
    all.removeIf(one -> !one.verifies(primary, s -> s.verifyCertification(id, primary)));
    Optional<Instant> revoked =
        all.stream()
            .filter(one -> one.packet().getSignatureType() == PGPSignature.CERTIFICATION_REVOCATION)
            .flatMap(one -> one.madeAt().stream())
            .max(Comparator.naturalOrder());
    return all.stream()
        .filter(one -> one.packet().isCertification())
        .filter(one -> revoked.isEmpty() || one.madeAt().orElse(Instant.MIN).isAfter(revoked.get()))
        .toList();
  }

  /**
   * A subkey signs only with a binding by the primary key that says so, and with its own signature
   * that it belongs there (RFC 9580 §5.2.1.9): else anybody could call another's key his own.
   */
  private Optional<String> refusalOfSubkey(PGPPublicKey key, Instant now) {
    OpenPgpSignature.Check over = signature -> signature.verifyCertification(primary, key);
    if (signatures(key, PGPSignature.SUBKEY_REVOCATION).stream()
        .anyMatch(one -> one.version() == 3 || one.verifies(primary, over))) {
      return Optional.of("it is revoked");
    }
    Optional<OpenPgpSignature> newest =
        newest(
            signatures(key, PGPSignature.SUBKEY_BINDING).stream()
                .filter(one -> one.verifies(primary, over))
                .toList(),
            now);
    if (newest.isEmpty()) {
      return Optional.of("its primary key has not bound it");
    }
    OpenPgpSignature binding = newest.get();
    Optional<String> expired = expired(key, binding, now);
    if (expired.isPresent()) {
      return expired;
    }
    Optional<String> flaw = binding.flaw(now);
    if (flaw.isPresent()) {
      return flaw.map(why -> "its binding does not count: " + why);
    }
    PGPSignatureSubpacketVector hashed = binding.packet().getHashedSubPackets();
    if ((hashed.getKeyFlags() & KeyFlags.SIGN_DATA) == 0) {
      return Optional.of("it may not sign documents, only other things");
    }
    return embedded(binding).stream()
            .filter(one -> one.packet().getSignatureType() == PGPSignature.PRIMARYKEY_BINDING)
            .anyMatch(one -> one.flaw(now).isEmpty() && one.verifies(key, over))
        ? Optional.empty()
        : Optional.of("it has not signed that it belongs to its primary key");
  }

  private static List<OpenPgpSignature> embedded(OpenPgpSignature binding) {
    List<OpenPgpSignature> all = new ArrayList<>();
    try {
      for (PGPSignatureSubpacketVector part :
          List.of(
              binding.packet().getHashedSubPackets(), binding.packet().getUnhashedSubPackets())) {
        PGPSignatureList some = part.getEmbeddedSignatures();
        some.forEach(one -> all.add(new OpenPgpSignature(one)));
      }
    } catch (PGPException | RuntimeException e) {
      return List.of(); // what cannot be read is none
    }
    bound(all.size());
    return all;
  }

  /**
   * The newest decides, also if it turns out not to count: it may be there to restrict. Those of
   * version 3 say nothing that could be looked at.
   */
  private static Optional<OpenPgpSignature> newest(List<OpenPgpSignature> some, Instant now) {
    return some.stream()
        .filter(
            one ->
                one.version() != 3
                    && one.madeAt().isPresent()
                    && !one.madeAt().get().isAfter(now.plus(OpenPgpSignature.CLOCK_SKEW))
                    && !one.hasExpired(now))
        .max(Comparator.comparing(one -> one.madeAt().orElseThrow()));
  }

  /**
   * Now, not when the document was signed: its metadata is in force now, and who answers for it?
   */
  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  private static Optional<String> expired(PGPPublicKey key, OpenPgpSignature said, Instant now) {
    long seconds = said.packet().getHashedSubPackets().getKeyExpirationTime();
    Instant end = key.getCreationTime().toInstant().plusSeconds(seconds);
    return seconds != 0 && !end.isAfter(now)
        ? Optional.of("it expired at " + end)
        : Optional.empty();
  }

  /** Their key may not be here to verify it with; that the primary key named them is enough. */
  private boolean isByDesignatedRevoker(OpenPgpSignature revocation) {
    return signatures(primary, PGPSignature.DIRECT_KEY).stream()
        .filter(one -> one.version() != 3)
        .filter(one -> one.verifies(primary, s -> s.verifyCertification(primary)))
        .flatMap(
            one ->
                Stream.of(
                    one.packet()
                        .getHashedSubPackets()
                        .getSubpackets(SignatureSubpacketTags.REVOCATION_KEY)))
        .anyMatch(revoker -> endsWith(revoker.getData(), revocation.packet().getKeyID()));
  }

  /** A fingerprint of version 4, in whose last bytes the key id is. */
  private static boolean endsWith(byte[] fingerprint, long keyId) {
    return fingerprint.length >= 8
        && ByteBuffer.wrap(fingerprint).getLong(fingerprint.length - 8) == keyId;
  }

  private static List<OpenPgpSignature> signatures(PGPPublicKey key, int type) {
    List<OpenPgpSignature> all = new ArrayList<>();
    key.getKeySignatures()
        .forEachRemaining(
            one -> {
              if (one.getSignatureType() == type) {
                all.add(new OpenPgpSignature(one));
              }
            });
    bound(all.size());
    return all;
  }

  private static void bound(int signatures) {
    if (signatures > MAX_SIGNATURES) {
      throw new MalformedException(
          "OpenPGP: a key with more than " + MAX_SIGNATURES + " signatures by itself");
    }
  }
}
