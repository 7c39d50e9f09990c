package io.limestone.cli.appraise;

import io.limestone.cli.args.CommandFailed;
import io.limestone.tpm.EccCurve;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.SigningScheme;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.OptionalInt;

/**
 * An attestation key in a file: TPM2B_PUBLIC or TPMT_PUBLIC, binary, base64 or hex. A PEM public
 * key does not say whether it may sign only what a TPM made, so that software that holds any
 * signing key could forge a quote; it is taken only when the user states that the attributes were
 * checked elsewhere.
 */
final class AkFile {
  private AkFile() {}

  static TpmtPublic read(Bytes file, boolean attributesStated, SigningScheme scheme) {
    String text = new String(file.toArray(), StandardCharsets.ISO_8859_1);
    if (text.stripLeading().startsWith("-----BEGIN ")) {
      if (!attributesStated) {
        throw CommandFailed.unusable(
            "--ak is a PEM public key, which does not say that the key is a restricted signing key"
                + " of a TPM; a quote by an ordinary key proves nothing. Give the TPM2B_PUBLIC"
                + " (tpm2_createak -u, or aik_tpm of the registrar), or --ak-is-restricted if you"
                + " checked the key's attributes yourself");
      }
      return ofPem(text, scheme);
    }
    return ofStructure(decoded(file, text.strip()));
  }

  /** Base64 and hex of a public area begin unlike any public area itself. */
  private static Bytes decoded(Bytes file, String text) {
    if (text.matches("[0-9A-Fa-f\\s]{64,}")) {
      return Bytes.of(Encoding.unhex(text.replaceAll("\\s", "")));
    }
    return text.matches("[A-Za-z0-9+/=\\s]{64,}")
        ? Bytes.ofBase64(text.replaceAll("\\s", ""))
        : file;
  }

  private static TpmtPublic ofStructure(Bytes bytes) {
    try {
      return TpmtPublic.parse2b(bytes);
    } catch (MalformedException notSized) {
      try {
        return TpmtPublic.parse(bytes);
      } catch (MalformedException neither) {
        throw notSized.in("--ak");
      }
    }
  }

  private static TpmtPublic ofPem(String text, SigningScheme scheme) {
    List<Pem.Block> blocks = Pem.file(text, 10);
    if (blocks.isEmpty() || !blocks.getFirst().label().equals("PUBLIC KEY")) {
      throw new MalformedException("--ak: not a PEM PUBLIC KEY");
    }
    X509EncodedKeySpec spec = new X509EncodedKeySpec(blocks.getFirst().content().toArray());
    PublicKeyArea key =
        switch (scheme.alg()) {
          case RSASSA, RSAPSS -> {
            if (key("RSA", spec) instanceof RSAPublicKey rsa) {
              yield PublicKeyArea.Rsa.of(rsa);
            }
            throw new MalformedException("--ak: not an RSA key");
          }
          case ECDSA -> {
            if (key("EC", spec) instanceof ECPublicKey ec) {
              yield PublicKeyArea.Ecc.of(curve(ec), ec);
            }
            throw new MalformedException("--ak: not an EC key");
          }
        };
    key.check();
    return new TpmtPublic(
        scheme.hash(),
        ObjectAttributes.ATTESTATION_KEY,
        Bytes.EMPTY,
        OptionalInt.empty(),
        java.util.Optional.of(scheme),
        key);
  }

  private static PublicKey key(String algorithm, X509EncodedKeySpec spec) {
    try {
      return KeyFactory.getInstance(algorithm).generatePublic(spec);
    } catch (GeneralSecurityException e) {
      throw new MalformedException("--ak: not a key of the kind that the quote is signed with", e);
    }
  }

  private static EccCurve curve(ECPublicKey key) {
    for (EccCurve curve : EccCurve.values()) {
      if (curve.order().equals(key.getParams().getOrder())) {
        return curve;
      }
    }
    throw new MalformedException("--ak: not on a supported curve");
  }
}
