package io.limestone.content;

import io.limestone.policy.PolicyKey;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.PGPPublicKeyRing;
import org.bouncycastle.openpgp.PGPSignature;
import org.bouncycastle.openpgp.PGPSignatureList;
import org.bouncycastle.openpgp.PGPUtil;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcPGPContentVerifierBuilderProvider;

/**
 * The keys that may sign a repository's metadata: OpenPGP keys (RFC 9580), or an elliptic curve key
 * as a PEM {@code PUBLIC KEY}. Signatures with MD5, SHA-1 or RIPEMD-160 do not count.
 */
public final class RepositoryKeys {
  private static final int MAX_KEYS = 1000;
  private static final int MAX_SIGNATURE = 1 << 20;

  private final List<PGPPublicKey> openPgp = new ArrayList<>();
  private final List<PublicKey> ellipticCurve = new ArrayList<>();

  /**
   * Reads a key file.
   *
   * @throws MalformedException if it holds no such key
   */
  public RepositoryKeys add(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    if (text.contains("-----BEGIN PUBLIC KEY-----")) {
      ellipticCurve.add(PolicyKey.parse(Bytes.of(file)));
      return this;
    }
    int before = openPgp.size();
    try (InputStream in = PGPUtil.getDecoderStream(new ByteArrayInputStream(file))) {
      BcPGPObjectFactory packets = new BcPGPObjectFactory(in);
      Object next;
      while ((next = packets.nextObject()) != null && openPgp.size() < MAX_KEYS) {
        if (next instanceof PGPPublicKeyRing ring) {
          ring.getPublicKeys().forEachRemaining(openPgp::add);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new MalformedException("not an OpenPGP key", e);
    }
    if (openPgp.size() == before) {
      throw new MalformedException("neither an OpenPGP key nor a PEM PUBLIC KEY");
    }
    return this;
  }

  public boolean isEmpty() {
    return openPgp.isEmpty() && ellipticCurve.isEmpty();
  }

  /** Whether a detached signature of the content is by one of these keys. */
  public boolean verify(byte[] content, byte[] signature) {
    return verifiesEllipticCurve(content, signature) || verifiesOpenPgp(content, signature);
  }

  private boolean verifiesEllipticCurve(byte[] content, byte[] signature) {
    return ellipticCurve.stream().anyMatch(key -> verifies(key, content, signature));
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

  private boolean verifiesOpenPgp(byte[] content, byte[] signature) {
    if (openPgp.isEmpty() || signature.length > MAX_SIGNATURE) {
      return false;
    }
    try (InputStream in = PGPUtil.getDecoderStream(new ByteArrayInputStream(signature))) {
      BcPGPObjectFactory packets = new BcPGPObjectFactory(in);
      Object next;
      while ((next = packets.nextObject()) != null) {
        if (next instanceof PGPSignatureList list) {
          for (PGPSignature one : list) {
            if (isGood(one, content)) {
              return true;
            }
          }
        }
      }
    } catch (IOException | RuntimeException e) {
      return false; // no OpenPGP signature, so none by these keys
    }
    return false;
  }

  private boolean isGood(PGPSignature signature, byte[] content) {
    boolean document =
        signature.getSignatureType() == PGPSignature.BINARY_DOCUMENT
            || signature.getSignatureType() == PGPSignature.CANONICAL_TEXT_DOCUMENT;
    boolean strong =
        switch (signature.getHashAlgorithm()) {
          case HashAlgorithmTags.SHA256,
              HashAlgorithmTags.SHA384,
              HashAlgorithmTags.SHA512,
              HashAlgorithmTags.SHA224 ->
              true;
          default -> false;
        };
    return document
        && strong
        && openPgp.stream()
            .filter(key -> key.getKeyID() == signature.getKeyID())
            .anyMatch(key -> isGood(signature, key, content));
  }

  private static boolean isGood(PGPSignature signature, PGPPublicKey key, byte[] content) {
    try {
      signature.init(new BcPGPContentVerifierBuilderProvider(), key);
      signature.update(content);
      return signature.verify();
    } catch (PGPException | RuntimeException e) {
      return false; // of a kind that this key cannot make
    }
  }
}
