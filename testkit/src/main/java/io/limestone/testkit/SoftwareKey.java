package io.limestone.testkit;

import io.limestone.tpm.HashAlg;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.SignatureAlg;
import io.limestone.tpm.SigningScheme;
import io.limestone.tpm.TpmtPublic;
import io.limestone.tpm.TpmtSignature;
import io.limestone.wire.Bytes;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Optional;
import java.util.OptionalInt;

/** A key with its public area as a TPM would give it. It signs whatever it is told to. */
public record SoftwareKey(TpmtPublic area, PrivateKey privateKey) {
  private static final Bytes POLICY_A =
      Bytes.ofHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
  private static final Bytes POLICY_B_384 =
      Bytes.ofHex(
          "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09"
              + "699646150f9fc000f3f80e12");
  private static final Bytes POLICY_B_512 =
      Bytes.ofHex(
          "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
              + "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea");

  /** An attestation key as Keylime's agent makes it. */
  public static SoftwareKey attestation(KeyKind kind, SigningScheme scheme, KeyPair pair) {
    return signing(kind, scheme, pair, ObjectAttributes.ATTESTATION_KEY);
  }

  /** A signing key with other attributes. */
  public static SoftwareKey signing(
      KeyKind kind, SigningScheme scheme, KeyPair pair, int attributes) {
    TpmtPublic area =
        new TpmtPublic(
            scheme.hash(),
            attributes,
            Bytes.EMPTY,
            OptionalInt.empty(),
            Optional.of(scheme),
            kind.area(pair));
    return new SoftwareKey(area, pair.getPrivate());
  }

  /** An endorsement key of the template that Keylime's agent uses for this kind. */
  public static SoftwareKey endorsement(KeyKind kind, KeyPair pair) {
    HashAlg nameAlg =
        switch (kind) {
          case RSA2048, ECC256 -> HashAlg.SHA256;
          case RSA3072, RSA4096, ECC384 -> HashAlg.SHA384;
          case ECC521 -> HashAlg.SHA512;
        };
    boolean lowRange = nameAlg == HashAlg.SHA256;
    Bytes policy =
        switch (nameAlg) {
          case SHA384 -> POLICY_B_384;
          case SHA512 -> POLICY_B_512;
          default -> POLICY_A;
        };
    int attributes =
        ObjectAttributes.ENDORSEMENT_KEY | (lowRange ? 0 : ObjectAttributes.USER_WITH_AUTH);
    TpmtPublic area =
        new TpmtPublic(
            nameAlg,
            attributes,
            policy,
            OptionalInt.of(lowRange ? 128 : 256),
            Optional.empty(),
            kind.area(pair));
    return new SoftwareKey(area, pair.getPrivate());
  }

  /** A signature in the scheme that the key is bound to. */
  public TpmtSignature sign(Bytes message) {
    return sign(area.scheme().orElseThrow(), message);
  }

  /** A signature in any scheme of the key's kind, as a key in software can make it. */
  public TpmtSignature sign(SigningScheme scheme, Bytes message) {
    return switch (scheme.alg()) {
      case RSASSA, RSAPSS ->
          new TpmtSignature.Rsa(
              scheme.alg(), scheme.hash(), Bytes.of(raw(scheme, message, scheme.hash().size())));
      case ECDSA -> {
        Bytes both = Bytes.of(raw(scheme, message, 0));
        int half = both.size() / 2;
        yield new TpmtSignature.Ecdsa(
            scheme.hash(), both.slice(0, half), both.slice(half, both.size()));
      }
    };
  }

  /** RSAPSS with any length of salt. */
  public TpmtSignature signPss(HashAlg hash, Bytes message, int saltSize) {
    SigningScheme scheme = new SigningScheme(SignatureAlg.RSAPSS, hash);
    return new TpmtSignature.Rsa(scheme.alg(), hash, Bytes.of(raw(scheme, message, saltSize)));
  }

  private byte[] raw(SigningScheme scheme, Bytes message, int saltSize) {
    String hash = scheme.hash().keylimeName().toUpperCase(java.util.Locale.ROOT);
    String mgfHash = hash.replace("SHA", "SHA-");
    try {
      Signature signer =
          Signature.getInstance(
              switch (scheme.alg()) {
                case RSASSA -> hash + "withRSA";
                case RSAPSS -> "RSASSA-PSS";
                case ECDSA -> hash + "withECDSAinP1363Format";
              });
      if (scheme.alg() == SignatureAlg.RSAPSS) {
        signer.setParameter(
            new PSSParameterSpec(mgfHash, "MGF1", new MGF1ParameterSpec(mgfHash), saltSize, 1));
      }
      signer.initSign(privateKey);
      signer.update(message.toArray());
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot sign with " + scheme, e);
    }
  }
}
