package io.limestone.appraisal.endorsement;

import io.limestone.wire.Bytes;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSASSAPSSparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * A certificate's signature over the bytes that were signed, never over a re-encoding of them.
 *
 * @param algorithm Java's name
 */
record CertificateSignature(
    String algorithm, Optional<PSSParameterSpec> pss, Bytes signed, Bytes value) {

  private static final Map<String, String> ALGORITHMS =
      Map.of(
          PKCSObjectIdentifiers.sha1WithRSAEncryption.getId(), "SHA1withRSA",
          PKCSObjectIdentifiers.sha256WithRSAEncryption.getId(), "SHA256withRSA",
          PKCSObjectIdentifiers.sha384WithRSAEncryption.getId(), "SHA384withRSA",
          PKCSObjectIdentifiers.sha512WithRSAEncryption.getId(), "SHA512withRSA",
          PKCSObjectIdentifiers.id_RSASSA_PSS.getId(), "RSASSA-PSS",
          X9ObjectIdentifiers.ecdsa_with_SHA256.getId(), "SHA256withECDSA",
          X9ObjectIdentifiers.ecdsa_with_SHA384.getId(), "SHA384withECDSA",
          X9ObjectIdentifiers.ecdsa_with_SHA512.getId(), "SHA512withECDSA");

  private static final Map<String, String> PSS_HASHES =
      Map.of(
          NISTObjectIdentifiers.id_sha256.getId(), "SHA-256",
          NISTObjectIdentifiers.id_sha384.getId(), "SHA-384",
          NISTObjectIdentifiers.id_sha512.getId(), "SHA-512");

  /** An algorithm that is not known gets its OID as a name and verifies nothing. */
  static CertificateSignature of(AlgorithmIdentifier id, Bytes signed, Bytes value) {
    String oid = id.getAlgorithm().getId();
    String name = ALGORITHMS.getOrDefault(oid, oid);
    return new CertificateSignature(
        name,
        name.equals("RSASSA-PSS")
            ? pss(RSASSAPSSparams.getInstance(id.getParameters()))
            : Optional.empty(),
        signed,
        value);
  }

  boolean usesSha1() {
    return algorithm.startsWith("SHA1");
  }

  boolean known() {
    return ALGORITHMS.containsValue(algorithm)
        && (!algorithm.equals("RSASSA-PSS") || pss.isPresent());
  }

  boolean verifies(PublicKey key) {
    if (!known() || !fits(key)) {
      return false;
    }
    try {
      Signature signature = Signature.getInstance(algorithm);
      if (pss.isPresent()) {
        signature.setParameter(pss.get());
      }
      signature.initVerify(key);
      signature.update(signed.toArray());
      return signature.verify(value.toArray());
    } catch (GeneralSecurityException e) {
      return false; // a signature of a wrong length or form is not this key's
    }
  }

  private boolean fits(PublicKey key) {
    return algorithm.endsWith("ECDSA") ? key instanceof ECPublicKey : key instanceof RSAPublicKey;
  }

  private static Optional<PSSParameterSpec> pss(RSASSAPSSparams params) {
    String hash = PSS_HASHES.get(params.getHashAlgorithm().getAlgorithm().getId());
    String mgfHash =
        PSS_HASHES.get(
            AlgorithmIdentifier.getInstance(params.getMaskGenAlgorithm().getParameters())
                .getAlgorithm()
                .getId());
    int salt = params.getSaltLength().intValueExact();
    if (hash == null || !hash.equals(mgfHash) || salt < 0 || salt > 512) {
      return Optional.empty();
    }
    return Optional.of(new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), salt, 1));
  }
}
