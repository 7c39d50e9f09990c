package io.limestone.tpm;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.math.ec.ECPoint;

/** TPMI_ECC_CURVE: the curves of NIST that TPMs have. */
public enum EccCurve {
  P256(0x0003, 256),
  P384(0x0004, 384),
  P521(0x0005, 521);

  private final int id;
  private final int bits;
  private final String jcaName;

  @SuppressWarnings("ImmutableEnumChecker") // immutable, though BouncyCastle does not say so
  private final ECDomainParameters domain;

  EccCurve(int id, int bits) {
    this.id = id;
    this.bits = bits;
    this.jcaName = "secp" + bits + "r1";
    X9ECParameters x9 = CustomNamedCurves.getByName(jcaName);
    this.domain = new ECDomainParameters(x9);
  }

  /** TPM_ECC_CURVE. */
  public int id() {
    return id;
  }

  public int bits() {
    return bits;
  }

  /** Bytes in a coordinate. */
  public int size() {
    return (bits + 7) / 8;
  }

  /** Java's name for it, such as {@code secp256r1}. */
  public String jcaName() {
    return jcaName;
  }

  /** The order of the base point. */
  public BigInteger order() {
    return domain.getN();
  }

  /**
   * The curve of a TPM_ECC_CURVE.
   *
   * @throws MalformedException if it is none of these
   */
  public static EccCurve ofId(int id) {
    for (EccCurve curve : values()) {
      if (curve.id == id) {
        return curve;
      }
    }
    throw new MalformedException("elliptic curve 0x%04x is not supported".formatted(id));
  }

  ECDomainParameters domain() {
    return domain;
  }

  /**
   * The point with these affine coordinates, big endian.
   *
   * @throws MalformedException if a coordinate is empty, longer than {@link #size} or not below the
   *     field's prime, or the point is not on the curve
   */
  ECPoint point(Bytes x, Bytes y) {
    BigInteger p = domain.getCurve().getField().getCharacteristic();
    BigInteger numberX = coordinate("x", x, p);
    BigInteger numberY = coordinate("y", y, p);
    ECPoint point = domain.getCurve().createPoint(numberX, numberY);
    // The cofactor is 1: a point on the curve other than infinity is in the group.
    if (!point.isValid()) {
      throw new MalformedException("the point is not on " + jcaName);
    }
    return point;
  }

  ECParameterSpec spec() throws GeneralSecurityException {
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
    parameters.init(new ECGenParameterSpec(jcaName));
    return parameters.getParameterSpec(ECParameterSpec.class);
  }

  /** A number below 2^(8 · {@code size}), big endian, with leading zeros. */
  static Bytes fixedWidth(BigInteger number, int size) {
    byte[] bytes = number.toByteArray();
    byte[] wide = new byte[size];
    int from = Math.max(0, bytes.length - size);
    System.arraycopy(bytes, from, wide, size - bytes.length + from, bytes.length - from);
    return Bytes.of(wide);
  }

  private BigInteger coordinate(String name, Bytes value, BigInteger p) {
    if (value.isEmpty() || value.size() > size()) {
      throw new MalformedException(
          "coordinate " + name + " of " + jcaName + " has " + value.size() + " bytes");
    }
    BigInteger number = new BigInteger(1, value.toArray());
    if (number.compareTo(p) >= 0) {
      throw new MalformedException("coordinate " + name + " is not below the prime of " + jcaName);
    }
    return number;
  }
}
