package io.limestone.policy.create;

import io.limestone.evidence.Span;
import io.limestone.policy.ImaKey;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;

/**
 * The file of a key that signs files: a certificate, a public key or a private key, PEM or DER. Of
 * a private key only the public half is kept.
 */
public final class ImaKeyFile {
  private static final int MAX_FILE = 256 * 1024;
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private ImaKeyFile() {}

  /**
   * The key.
   *
   * @throws MalformedException if there is none that can verify signatures of files
   */
  public static ImaKey parse(byte[] file) {
    if (file.length > MAX_FILE) {
      throw new MalformedException("longer than " + MAX_FILE + " bytes");
    }
    Matcher pem = PEM.matcher(new String(file, StandardCharsets.ISO_8859_1));
    while (pem.find()) {
      Optional<ImaKey> key = ofDer(unbase64(pem.group(2)));
      if (key.isPresent()) {
        return key.get();
      }
    }
    return ofDer(file)
        .orElseThrow(
            () ->
                new MalformedException(
                    "not a certificate, public key or private key (RSA or elliptic curve, PEM or DER)"));
  }

  private static byte[] unbase64(String text) {
    try {
      return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      return new byte[0]; // another block may be a key
    }
  }

  private static Optional<ImaKey> ofDer(byte[] der) {
    return switch (ImaKey.ofBuffer(Span.of(der))) {
      case ImaKey.Measured.Usable usable -> Optional.of(usable.key());
      case ImaKey.Measured.Unusable unusable ->
          throw new MalformedException("a key of a kind that verifies no files");
      case ImaKey.Measured.Other other -> ofPrivateKey(der);
    };
  }

  private static Optional<ImaKey> ofPrivateKey(byte[] der) {
    try {
      AsymmetricKeyParameter key = PrivateKeyFactory.createKey(privateKeyInfo(der));
      AsymmetricKeyParameter publicKey =
          switch (key) {
            case RSAPrivateCrtKeyParameters rsa ->
                new RSAKeyParameters(false, rsa.getModulus(), rsa.getPublicExponent());
            case ECPrivateKeyParameters ec ->
                new ECPublicKeyParameters(
                    ec.getParameters().getG().multiply(ec.getD()).normalize(), ec.getParameters());
            default -> throw new MalformedException("a key of a kind that verifies no files");
          };
      byte[] info =
          SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(publicKey).getEncoded("DER");
      return ImaKey.ofBuffer(Span.of(info)) instanceof ImaKey.Measured.Usable usable
          ? Optional.of(usable.key())
          : Optional.empty();
    } catch (IOException
        | IllegalArgumentException
        | IllegalStateException
        | ClassCastException
        | ArithmeticException e) {
      return Optional.empty(); // the ways in which the ASN.1 reader says "not this"
    }
  }

  /** PKCS#8, or the older forms of RSA (PKCS#1) and elliptic curve keys (RFC 5915). */
  private static PrivateKeyInfo privateKeyInfo(byte[] der) throws IOException {
    ASN1Sequence sequence = ASN1Sequence.getInstance(der);
    if (sequence.size() >= 9) {
      return new PrivateKeyInfo(
          new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption), sequence);
    }
    if (sequence.size() >= 2
        && sequence.getObjectAt(0).equals(new org.bouncycastle.asn1.ASN1Integer(BigInteger.ONE))) {
      ECPrivateKey ec = ECPrivateKey.getInstance(sequence);
      return new PrivateKeyInfo(
          new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, ec.getParametersObject()),
          ec);
    }
    return PrivateKeyInfo.getInstance(sequence);
  }
}
