package io.limestone.tpm;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;

/** The key in a public area: size or curve, and TPMU_PUBLIC_ID. */
public sealed interface PublicKeyArea {
  /** Keylime's word for kind and size, such as {@code rsa2048} or {@code ecc256}. */
  String keylimeName();

  /** The key for Java's cryptography. */
  PublicKey publicKey();

  /**
   * Refuses what is no usable key. A template for TPM2_CreatePrimary need not pass.
   *
   * @throws MalformedException if it does not
   */
  void check();

  /**
   * An RSA key.
   *
   * @param bits 2048, 3072 or 4096
   * @param exponent as in the structure: 0 stands for 65537
   * @param modulus big endian, {@code bits / 8} bytes
   */
  record Rsa(int bits, long exponent, Bytes modulus) implements PublicKeyArea {
    private static final long DEFAULT_EXPONENT = 65537;

    /** As a TPM has it: exponent 0 for 65537. */
    public static Rsa of(RSAPublicKey key) {
      int bits = key.getModulus().bitLength();
      BigInteger exponent = key.getPublicExponent();
      long shown = exponent.longValueExact();
      return new Rsa(
          bits,
          shown == DEFAULT_EXPONENT ? 0 : shown,
          EccCurve.fixedWidth(key.getModulus(), (bits + 7) / 8));
    }

    @Override
    public String keylimeName() {
      return "rsa" + bits;
    }

    @Override
    public void check() {
      if (exponent != 0 && exponent != DEFAULT_EXPONENT) {
        throw new MalformedException("RSA exponent " + exponent + " is not 65537");
      }
      if (modulus.size() * 8 != bits || number().bitLength() != bits || !number().testBit(0)) {
        throw new MalformedException("the RSA modulus is not an odd number of " + bits + " bits");
      }
    }

    @Override
    public PublicKey publicKey() {
      try {
        return KeyFactory.getInstance("RSA")
            .generatePublic(new RSAPublicKeySpec(number(), BigInteger.valueOf(DEFAULT_EXPONENT)));
      } catch (GeneralSecurityException e) {
        throw new MalformedException("not a usable RSA key", e);
      }
    }

    private BigInteger number() {
      return new BigInteger(1, modulus.toArray());
    }
  }

  /** An elliptic curve point, its coordinates big endian. */
  record Ecc(EccCurve curve, Bytes x, Bytes y) implements PublicKeyArea {
    /** With coordinates as wide as the curve. */
    public static Ecc of(EccCurve curve, ECPublicKey key) {
      return new Ecc(
          curve,
          EccCurve.fixedWidth(key.getW().getAffineX(), curve.size()),
          EccCurve.fixedWidth(key.getW().getAffineY(), curve.size()));
    }

    @Override
    public String keylimeName() {
      return "ecc" + curve.bits();
    }

    @Override
    public void check() {
      var unused = curve.point(x, y);
    }

    @Override
    public PublicKey publicKey() {
      check();
      try {
        ECPoint point = new ECPoint(new BigInteger(1, x.toArray()), new BigInteger(1, y.toArray()));
        return KeyFactory.getInstance("EC")
            .generatePublic(new ECPublicKeySpec(point, curve.spec()));
      } catch (GeneralSecurityException e) {
        throw new MalformedException("not a usable key on " + curve.jcaName(), e);
      }
    }
  }
}
