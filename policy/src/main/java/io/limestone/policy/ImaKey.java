package io.limestone.policy;

import io.limestone.evidence.Span;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.gm.GMObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.DigestInfo;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.ECDSASigner;
import org.bouncycastle.crypto.util.PublicKeyFactory;

/**
 * A public key that signs files by RSASSA-PKCS1-v1_5 or ECDSA, over any named curve (also
 * secp256k1, which the JDK has not).
 *
 * @param id how signatures name it: the end of the certificate's subject key identifier, or of the
 *     SHA-1 of the key
 * @param subjectPublicKeyInfo DER
 */
public record ImaKey(long id, Bytes subjectPublicKeyInfo) {
  private static final int MAX_RSA_BITS = 8192;
  private static final int MAX_DER = 64 * 1024;

  /** What a measured buffer turned out to be. */
  public sealed interface Measured {
    /** A key that can be used. */
    record Usable(ImaKey key) implements Measured {}

    /** A key or certificate of a kind that verifies no file here. */
    record Unusable() implements Measured {}

    /** No key at all. */
    record Other() implements Measured {}
  }

  /** The key of a certificate or public key in DER or PEM, if the buffer is one. */
  public static Measured ofBuffer(Span buffer) {
    if (buffer.isEmpty() || buffer.length() > MAX_DER) {
      return new Measured.Other();
    }
    byte[] der = unarmour(buffer.toArray());
    try {
      if (!(ASN1Primitive.fromByteArray(der) instanceof ASN1Sequence sequence)) {
        return new Measured.Other();
      }
      return sequence.size() == 3 ? ofCertificate(sequence) : ofKeySequence(sequence);
    } catch (IOException
        | IllegalArgumentException
        | IllegalStateException
        | ClassCastException
        | ArithmeticException e) {
      return new Measured.Other(); // the ways in which the ASN.1 reader says "not this"
    }
  }

  private static Measured ofCertificate(ASN1Sequence sequence) throws IOException {
    Certificate certificate = Certificate.getInstance(sequence);
    SubjectPublicKeyInfo info = certificate.getSubjectPublicKeyInfo();
    Extensions extensions = certificate.getTBSCertificate().getExtensions();
    SubjectKeyIdentifier skid =
        extensions == null ? null : SubjectKeyIdentifier.fromExtensions(extensions);
    byte[] named = skid == null ? new byte[0] : skid.getKeyIdentifier();
    return measured(info, named.length >= 4 ? lastFour(named) : computedId(info));
  }

  private static Measured ofKeySequence(ASN1Sequence sequence) throws IOException {
    if (sequence.size() != 2) {
      return new Measured.Other();
    }
    SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(sequence);
    return measured(info, computedId(info));
  }

  private static Measured measured(SubjectPublicKeyInfo info, long id) throws IOException {
    ImaKey key = new ImaKey(id, Bytes.of(info.getEncoded("DER")));
    return key.numbers().isPresent() ? new Measured.Usable(key) : new Measured.Unusable();
  }

  /** The key of a DER SubjectPublicKeyInfo, if it is one that can be used. */
  static Optional<ImaKey> ofSubjectPublicKeyInfo(byte[] der) {
    return ofBuffer(Span.of(der)) instanceof Measured.Usable usable
        ? Optional.of(usable.key())
        : Optional.empty();
  }

  /** What is reckoned with. */
  private sealed interface Numbers {
    record Rsa(BigInteger modulus, BigInteger exponent) implements Numbers {}

    record Ec(ECPublicKeyParameters key) implements Numbers {}
  }

  boolean verifies(ImaSignature signature, byte[] digest) {
    return numbers()
        .map(
            key ->
                switch (key) {
                  case Numbers.Rsa rsa -> verifies(rsa, signature, digest);
                  case Numbers.Ec ec -> verifies(ec.key(), signature, digest);
                })
        .orElse(false);
  }

  /**
   * Keys for RSASSA-PSS, SM2 and EC-RDSA have the same numbers in them, and sign otherwise: they
   * are refused by their names. Nodes send keys too, so that nothing is tried that takes long, such
   * as to find out whether a modulus or an unnamed field is sound: that a policy lists the key says
   * that it is good.
   */
  private Optional<Numbers> numbers() {
    try {
      SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(subjectPublicKeyInfo.toArray());
      if (info.getPublicKeyData().getPadBits() != 0) {
        return Optional.empty(); // one spelling more of the same key, which no kernel takes
      }
      ASN1ObjectIdentifier algorithm = info.getAlgorithm().getAlgorithm();
      if (algorithm.equals(PKCSObjectIdentifiers.rsaEncryption)) {
        RSAPublicKey rsa = RSAPublicKey.getInstance(info.parsePublicKey());
        return Optional.<Numbers>of(new Numbers.Rsa(rsa.getModulus(), rsa.getPublicExponent()))
            .filter(ImaKey::isSound);
      }
      return algorithm.equals(X9ObjectIdentifiers.id_ecPublicKey)
              && info.getAlgorithm().getParameters() instanceof ASN1ObjectIdentifier curve
              && !curve.equals(GMObjectIdentifiers.sm2p256v1)
              && PublicKeyFactory.createKey(info) instanceof ECPublicKeyParameters ec
          ? Optional.of(new Numbers.Ec(ec))
          : Optional.empty();
    } catch (IOException
        | IllegalArgumentException
        | IllegalStateException
        | ClassCastException
        | ArithmeticException e) {
      return Optional.empty(); // no key that this library can use
    }
  }

  private static boolean isSound(Numbers key) {
    return key instanceof Numbers.Rsa(BigInteger modulus, BigInteger exponent)
        && modulus.signum() > 0
        && modulus.testBit(0)
        && modulus.bitLength() <= MAX_RSA_BITS
        && exponent.testBit(0)
        && exponent.compareTo(BigInteger.ONE) > 0
        && exponent.bitLength() <= 64;
  }

  /** RSASSA-PKCS1-v1_5: the one right encoding is made and compared (RFC 8017 §8.2.2). */
  private static boolean verifies(Numbers.Rsa key, ImaSignature signature, byte[] digest) {
    int length = (key.modulus().bitLength() + 7) / 8;
    BigInteger value = new BigInteger(1, signature.signature().toArray());
    if (signature.signature().size() != length || value.compareTo(key.modulus()) >= 0) {
      return false;
    }
    byte[] info = digestInfo(signature, digest);
    if (length < info.length + 11) {
      return false;
    }
    byte[] expected = new byte[length];
    Arrays.fill(expected, (byte) 0xff);
    expected[0] = 0;
    expected[1] = 1;
    expected[length - info.length - 1] = 0;
    System.arraycopy(info, 0, expected, length - info.length, info.length);
    return value.modPow(key.exponent(), key.modulus()).equals(new BigInteger(1, expected));
  }

  private static byte[] digestInfo(ImaSignature signature, byte[] digest) {
    AlgorithmIdentifier alg =
        new AlgorithmIdentifier(
            switch (signature.digest()) {
              case SHA224 -> NISTObjectIdentifiers.id_sha224;
              case SHA384 -> NISTObjectIdentifiers.id_sha384;
              case SHA512 -> NISTObjectIdentifiers.id_sha512;
              default -> NISTObjectIdentifiers.id_sha256;
            },
            DERNull.INSTANCE);
    try {
      return new DigestInfo(alg, digest).getEncoded("DER");
    } catch (IOException e) {
      throw new IllegalStateException(e); // encoding to memory
    }
  }

  private static boolean verifies(
      ECPublicKeyParameters key, ImaSignature signature, byte[] digest) {
    try {
      ASN1Primitive der = ASN1Primitive.fromByteArray(signature.signature().toArray());
      if (!(der instanceof ASN1Sequence pair) || pair.size() != 2) {
        return false;
      }
      ECDSASigner verifier = new ECDSASigner();
      verifier.init(false, key);
      return verifier.verifySignature(
          digest,
          ASN1Integer.getInstance(pair.getObjectAt(0)).getValue(),
          ASN1Integer.getInstance(pair.getObjectAt(1)).getValue());
    } catch (IOException | IllegalArgumentException e) {
      return false; // not DER
    }
  }

  private static byte[] unarmour(byte[] buffer) {
    String text = new String(buffer, StandardCharsets.ISO_8859_1);
    for (String label : new String[] {"CERTIFICATE", "PUBLIC KEY"}) {
      String begin = "-----BEGIN " + label + "-----";
      int to = text.indexOf("-----END " + label + "-----");
      if (text.startsWith(begin) && to >= begin.length()) {
        try {
          return Base64.getDecoder()
              .decode(text.substring(begin.length(), to).replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
          return buffer; // PEM in looks only: not a key
        }
      }
    }
    return buffer;
  }

  private static long computedId(SubjectPublicKeyInfo info) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      return lastFour(sha1.digest(info.getPublicKeyData().getBytes()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long lastFour(byte[] bytes) {
    long id = 0;
    for (int i = bytes.length - 4; i < bytes.length; i++) {
      id = id << 8 | (bytes[i] & 0xff);
    }
    return id;
  }
}
