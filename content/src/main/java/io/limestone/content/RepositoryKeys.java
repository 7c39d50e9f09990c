package io.limestone.content;

import io.limestone.policy.PolicyKey;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.bcpg.BCPGInputStream;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPSignature;

/**
 * The keys that may sign a repository's metadata and packages: OpenPGP certificates (RFC 9580), or
 * elliptic curve keys as PEM {@code PUBLIC KEY}, which Keylime takes for repositories.
 *
 * <p>An OpenPGP signature counts if its key may sign documents, is neither revoked nor expired now,
 * and belongs to its certificate; if it is of the right type, was made with SHA-2 or SHA-3, not in
 * the future, has not expired, and demands nothing unknown. One good signature is enough.
 *
 * <p>Verifying is safe from any thread, once all keys are added.
 */
public final class RepositoryKeys {
  private static final int MAX_FILE = 16 << 20;
  private static final int MAX_CERTIFICATES = 1000;
  private static final int MAX_SIGNATURE_FILE = 1 << 20;
  private static final int MAX_SIGNATURES = 64;

  private final List<OpenPgpCertificate> openPgp = new ArrayList<>();
  private final List<PublicKey> ellipticCurve = new ArrayList<>();

  /** Who signed, if anybody did whose signature counts. */
  public sealed interface Verdict {
    /**
     * A key of these did.
     *
     * @param key its fingerprint, and whose it is, for people
     * @param at when, where the signature says so
     */
    record By(String key, Optional<Instant> at) implements Verdict {}

    /**
     * Nobody did.
     *
     * @param why each signature that is there, and why it does not count
     */
    record Nobody(String why) implements Verdict {}
  }

  /**
   * Reads a key file: armoured or binary, with as many keys as one likes.
   *
   * @throws MalformedException if it holds no such key
   */
  public RepositoryKeys add(byte[] file) {
    if (file.length > MAX_FILE) {
      throw new MalformedException("longer than " + MAX_FILE + " bytes");
    }
    String text = new String(file, StandardCharsets.ISO_8859_1);
    if (text.contains("-----BEGIN PUBLIC KEY-----")) {
      ellipticCurve.add(PolicyKey.parse(Bytes.of(file)));
      return this;
    }
    List<byte[]> certificates;
    try {
      certificates = certificates(OpenPgpPackets.ofKeys(file));
    } catch (MalformedException e) {
      throw new MalformedException(
          "neither an OpenPGP key nor a PEM PUBLIC KEY: " + e.getMessage(), e);
    }
    Optional<MalformedException> unread = Optional.empty();
    int before = openPgp.size();
    for (byte[] one : certificates) {
      try {
        openPgp.add(OpenPgpCertificate.parse(one));
      } catch (MalformedException e) {
        unread = Optional.of(e); // the others of a key ring are as good without it
      }
    }
    if (openPgp.size() == before) {
      throw unread.orElse(new MalformedException("holds no OpenPGP key"));
    }
    return this;
  }

  /** Packets that say nothing of keys are left out; a secret key is not what belongs here. */
  private static List<byte[]> certificates(List<OpenPgpPackets.Packet> packets) {
    List<ByteArrayOutputStream> all = new ArrayList<>();
    for (OpenPgpPackets.Packet packet : packets) {
      if (packet.tag() == OpenPgpPackets.PUBLIC_KEY) {
        all.add(new ByteArrayOutputStream());
      }
      if (all.isEmpty() || all.size() > MAX_CERTIFICATES) {
        throw new MalformedException(
            "does not begin with a public key, or holds more than " + MAX_CERTIFICATES);
      }
      boolean relevant =
          switch (packet.tag()) {
            case OpenPgpPackets.PUBLIC_KEY,
                OpenPgpPackets.PUBLIC_SUBKEY,
                OpenPgpPackets.USER_ID,
                OpenPgpPackets.USER_ATTRIBUTE ->
                true;
            case OpenPgpPackets.SIGNATURE -> isKnown(packet);
            default -> false;
          };
      if (relevant) {
        all.getLast().writeBytes(packet.bytes().toArray());
      }
    }
    return all.stream().map(ByteArrayOutputStream::toByteArray).toList();
  }

  private static boolean isKnown(OpenPgpPackets.Packet signature) {
    return signature.version() == 3 || signature.version() == 4 || signature.version() == 6;
  }

  public boolean isEmpty() {
    return openPgp.isEmpty() && ellipticCurve.isEmpty();
  }

  /** Whether a detached signature, armoured or binary, is one of the content, byte for byte. */
  public Verdict verify(byte[] content, byte[] signature, Instant now) {
    for (PublicKey key : ellipticCurve) {
      if (verifies(key, content, signature)) {
        return new Verdict.By(name(key), Optional.empty());
      }
    }
    return verifyOpenPgp(content, signature, PGPSignature.BINARY_DOCUMENT, now);
  }

  /** Whether a text with its signature inside was signed. */
  public Verdict verify(ClearSigned signed, Instant now) {
    return verifyOpenPgp(
        signed.canonical(),
        signed.signature().toArray(),
        PGPSignature.CANONICAL_TEXT_DOCUMENT,
        now);
  }

  private static boolean verifies(PublicKey key, byte[] content, byte[] signature) {
    try {
      Signature verifier = Signature.getInstance("SHA256withECDSA");
      verifier.initVerify(key);
      verifier.update(content);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // not a DER signature
    }
  }

  private static String name(PublicKey key) {
    return "elliptic curve key, SHA-256 " + HashAlg.SHA256.digest(Bytes.of(key.getEncoded())).hex();
  }

  private Verdict verifyOpenPgp(byte[] content, byte[] signature, int type, Instant now) {
    if (openPgp.isEmpty()) {
      return new Verdict.Nobody("it is by none of the keys");
    }
    Set<String> reasons = new LinkedHashSet<>();
    try {
      for (PGPSignature one : signatures(signature)) {
        Verdict verdict = verify(new OpenPgpSignature(one), content, type, now);
        switch (verdict) {
          case Verdict.By by -> {
            return by;
          }
          case Verdict.Nobody nobody -> reasons.add(nobody.why);
        }
      }
    } catch (MalformedException e) {
      reasons.add(e.getMessage());
    }
    return new Verdict.Nobody(String.join("; ", reasons));
  }

  private Verdict verify(OpenPgpSignature one, byte[] content, int type, Instant now) {
    String id = String.format(Locale.ROOT, "%016X", one.packet().getKeyID());
    String why = "a signature by " + id + ", which is none of the keys";
    for (OpenPgpCertificate certificate : openPgp) {
      for (PGPPublicKey key : certificate.keys()) {
        if (key.getKeyID() == one.packet().getKeyID()) {
          Optional<String> refused = refusal(one, key, certificate, content, type, now);
          if (refused.isEmpty()) {
            return new Verdict.By(certificate.name(key), one.madeAt());
          }
          why = "a signature by " + certificate.name(key) + ": " + refused.get();
        }
      }
    }
    return new Verdict.Nobody(why);
  }

  @SuppressWarnings("JavaUtilDate") // BouncyCastle's API
  private static Optional<String> refusal(
      OpenPgpSignature one,
      PGPPublicKey key,
      OpenPgpCertificate certificate,
      byte[] content,
      int type,
      Instant now) {
    if (one.packet().getSignatureType() != type) {
      return Optional.of("it is a signature of another kind of thing");
    }
    Optional<String> flaw = one.flaw(now);
    if (flaw.isPresent()) {
      return flaw;
    }
    if (one.madeAt().orElseThrow().isBefore(key.getCreationTime().toInstant())) {
      return Optional.of("it is older than its key");
    }
    boolean right =
        one.verifies(
            key,
            signature -> {
              signature.update(content);
              return signature.verify();
            });
    if (!right) {
      return Optional.of("it is not a signature of this content");
    }
    return certificate.refusal(key, now).map(why -> "the key does not count: " + why);
  }

  private static List<PGPSignature> signatures(byte[] file) {
    if (file.length > MAX_SIGNATURE_FILE) {
      throw new MalformedException("a signature of more than " + MAX_SIGNATURE_FILE + " bytes");
    }
    List<PGPSignature> signatures = new ArrayList<>();
    for (OpenPgpPackets.Packet packet : OpenPgpPackets.ofSignature(file)) {
      if (packet.tag() != OpenPgpPackets.SIGNATURE || signatures.size() == MAX_SIGNATURES) {
        throw new MalformedException(
            "not a signature, or more than " + MAX_SIGNATURES + " of them");
      }
      if (isKnown(packet)) {
        signatures.add(signature(packet));
      }
    }
    if (signatures.isEmpty()) {
      throw new MalformedException("there is no OpenPGP signature");
    }
    return signatures;
  }

  /** BouncyCastle passes over lengths that do not fit; what it hashes must be what is there. */
  private static PGPSignature signature(OpenPgpPackets.Packet packet) {
    try (var in = new BCPGInputStream(new ByteArrayInputStream(packet.bytes().toArray()))) {
      PGPSignature signature = new PGPSignature(in);
      Bytes read = OpenPgpPackets.ofSignature(signature.getEncoded()).getFirst().body();
      if (!read.equals(packet.body())) {
        throw new MalformedException("not an OpenPGP signature: its lengths do not fit");
      }
      return signature;
    } catch (MalformedException e) {
      throw e;
    } catch (IOException | PGPException | RuntimeException e) {
      throw new MalformedException("not an OpenPGP signature", e);
    }
  }
}
