package io.limestone.tpm;

import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.security.PublicKey;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * TPMT_PUBLIC, the public area of an RSA or ECC key (TPM 2.0 Library part 2, section 12.2.4). Every
 * value has exactly one encoding, so {@code parse(x.toTpmt()).equals(x)} and the Name of what was
 * parsed is the Name of the bytes that were received.
 *
 * @param attributes TPMA_OBJECT, see {@link ObjectAttributes}
 * @param authPolicy empty or a digest
 * @param aesBits key size of the AES-CFB that a storage key protects its children with; empty for
 *     TPM_ALG_NULL
 * @param scheme the signing scheme the key is bound to; empty for TPM_ALG_NULL
 */
public record TpmtPublic(
    HashAlg nameAlg,
    int attributes,
    Bytes authPolicy,
    OptionalInt aesBits,
    Optional<SigningScheme> scheme,
    PublicKeyArea key) {
  private static final int RSA = 0x0001;
  private static final int ECC = 0x0023;
  private static final int AES = 0x0006;
  private static final int CFB = 0x0043;
  private static final int NULL = 0x0010;
  private static final int MAX_RSA_BYTES = 512;

  /**
   * The public area in a TPM2B_PUBLIC: a 16-bit size, then TPMT_PUBLIC.
   *
   * @throws MalformedException on anything else, also when bytes are left
   */
  public static TpmtPublic parse2b(Bytes tpm2b) {
    ByteReader in = tpm2b.bigEndian();
    int size = in.u16("TPM2B_PUBLIC size");
    if (size != in.remaining()) {
      throw new MalformedException(
          "TPM2B_PUBLIC says " + size + " bytes, " + in.remaining() + " follow");
    }
    return read(in);
  }

  /**
   * The public area that these bytes are.
   *
   * @throws MalformedException on anything else, also when bytes are left
   */
  public static TpmtPublic parse(Bytes tpmt) {
    return read(tpmt.bigEndian());
  }

  private static TpmtPublic read(ByteReader in) {
    int type = in.u16("type");
    if (type != RSA && type != ECC) {
      throw new MalformedException("key type 0x%04x is neither RSA nor ECC".formatted(type));
    }
    HashAlg nameAlg = HashAlg.ofId(in.u16("nameAlg"));
    int attributes = (int) in.u32("objectAttributes");
    if ((attributes & ~ObjectAttributes.DEFINED) != 0) {
      throw new MalformedException(
          "objectAttributes 0x%08x has reserved bits set".formatted(attributes));
    }
    Bytes authPolicy = in.value16("authPolicy", 64);
    if (!authPolicy.isEmpty() && authPolicy.size() != nameAlg.size()) {
      throw new MalformedException("authPolicy is not a digest of " + nameAlg.keylimeName());
    }
    OptionalInt aesBits = readSymmetric(in);
    Optional<SigningScheme> scheme = readScheme(in, type);
    PublicKeyArea key = type == RSA ? readRsa(in) : readEcc(in);
    in.finish("TPMT_PUBLIC");
    key.check();
    return new TpmtPublic(nameAlg, attributes, authPolicy, aesBits, scheme, key);
  }

  private static OptionalInt readSymmetric(ByteReader in) {
    int algorithm = in.u16("symmetric");
    if (algorithm == NULL) {
      return OptionalInt.empty();
    }
    int bits = algorithm == AES ? in.u16("symmetric keyBits") : 0;
    if ((bits != 128 && bits != 192 && bits != 256) || in.u16("symmetric mode") != CFB) {
      throw new MalformedException("the symmetric algorithm is not AES-CFB");
    }
    return OptionalInt.of(bits);
  }

  private static Optional<SigningScheme> readScheme(ByteReader in, int type) {
    int id = in.u16("scheme");
    if (id == NULL) {
      return Optional.empty();
    }
    SignatureAlg alg = SignatureAlg.ofId(id);
    if ((alg == SignatureAlg.ECDSA) != (type == ECC)) {
      throw new MalformedException(alg.keylimeName() + " is no scheme of this kind of key");
    }
    return Optional.of(new SigningScheme(alg, HashAlg.ofId(in.u16("scheme hash"))));
  }

  private static PublicKeyArea readRsa(ByteReader in) {
    int bits = in.u16("keyBits");
    if (bits != 2048 && bits != 3072 && bits != 4096) {
      throw new MalformedException("RSA keys of " + bits + " bits are not supported");
    }
    long exponent = in.u32("exponent");
    return new PublicKeyArea.Rsa(bits, exponent, in.value16("modulus", MAX_RSA_BYTES));
  }

  private static PublicKeyArea readEcc(ByteReader in) {
    EccCurve curve = EccCurve.ofId(in.u16("curveID"));
    if (in.u16("kdf") != NULL) {
      throw new MalformedException("an ECC key's kdf must be TPM_ALG_NULL");
    }
    Bytes x = in.value16("x", curve.size());
    return new PublicKeyArea.Ecc(curve, x, in.value16("y", curve.size()));
  }

  public Bytes toTpmt() {
    ByteWriter out =
        ByteWriter.bigEndian()
            .u16(key instanceof PublicKeyArea.Rsa ? RSA : ECC)
            .u16(nameAlg.id())
            .u32(attributes)
            .sized16(authPolicy);
    if (aesBits.isPresent()) {
      out.u16(AES).u16(aesBits.getAsInt()).u16(CFB);
    } else {
      out.u16(NULL);
    }
    scheme.ifPresentOrElse(s -> out.u16(s.alg().id()).u16(s.hash().id()), () -> out.u16(NULL));
    switch (key) {
      case PublicKeyArea.Rsa rsa -> out.u16(rsa.bits()).u32(rsa.exponent()).sized16(rsa.modulus());
      case PublicKeyArea.Ecc ecc ->
          out.u16(ecc.curve().id()).u16(NULL).sized16(ecc.x()).sized16(ecc.y());
    }
    return out.toBytes();
  }

  /** TPM2B_PUBLIC. */
  public Bytes to2b() {
    return ByteWriter.bigEndian().sized16(toTpmt()).toBytes();
  }

  /** The object's Name: nameAlg, then its digest of TPMT_PUBLIC (part 1, section 14). */
  public Bytes name() {
    return ByteWriter.bigEndian().u16(nameAlg.id()).bytes(nameAlg.digest(toTpmt())).toBytes();
  }

  public PublicKey publicKey() {
    return key.publicKey();
  }

  /** Keylime's word for kind and size, such as {@code rsa2048} or {@code ecc256}. */
  public String keylimeAlg() {
    return key.keylimeName();
  }

  /** Whether every bit of {@code bits} (see {@link ObjectAttributes}) is set. */
  public boolean has(int bits) {
    return (attributes & bits) == bits;
  }

  /**
   * Why quotes by this key prove nothing, if so. An attestation key was born in this TPM, cannot
   * leave it, and signs nothing but what the TPM itself made.
   */
  public Optional<String> whyNotAttestationKey() {
    return whyNot(ObjectAttributes.SIGN, ObjectAttributes.DECRYPT)
        .or(
            () ->
                scheme.isEmpty()
                    ? Optional.of("it is bound to no signing scheme")
                    : Optional.empty());
  }

  /** Why this is no endorsement key that a credential can be made for, if so. */
  public Optional<String> whyNotEndorsementKey() {
    return whyNot(ObjectAttributes.DECRYPT, ObjectAttributes.SIGN)
        .or(
            () ->
                aesBits.isEmpty()
                    ? Optional.of("it has no symmetric algorithm")
                    : Optional.empty());
  }

  private Optional<String> whyNot(int use, int otherUse) {
    if (!has(ObjectAttributes.RESTRICTED)) {
      return Optional.of("it is not restricted");
    }
    if (!has(use) || (attributes & otherUse) != 0) {
      boolean signs = use == ObjectAttributes.SIGN;
      return Optional.of(
          signs ? "it is not a signing-only key" : "it is not a decryption-only key");
    }
    if (!has(ObjectAttributes.FIXED_TPM | ObjectAttributes.FIXED_PARENT)) {
      return Optional.of("it is not fixed to its TPM (fixedTPM, fixedParent)");
    }
    if (!has(ObjectAttributes.SENSITIVE_DATA_ORIGIN)) {
      return Optional.of("its private part was not made by the TPM (sensitiveDataOrigin)");
    }
    return Optional.empty();
  }
}
