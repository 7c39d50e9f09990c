package io.limestone.testkit;

import io.limestone.tpm.EccCurve;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.SignatureAlg;
import io.limestone.tpm.SigningScheme;
import io.limestone.wire.Pem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Kinds and sizes of keys that TPMs have. */
public enum KeyKind {
  RSA2048(2048, Optional.empty()),
  RSA3072(3072, Optional.empty()),
  RSA4096(4096, Optional.empty()),
  ECC256(256, Optional.of(EccCurve.P256)),
  ECC384(384, Optional.of(EccCurve.P384)),
  ECC521(521, Optional.of(EccCurve.P521));

  private static final ConcurrentHashMap<String, KeyPair> SHARED = new ConcurrentHashMap<>();

  private final int bits;

  @SuppressWarnings("ImmutableEnumChecker") // an Optional of an enum
  private final Optional<EccCurve> curve;

  KeyKind(int bits, Optional<EccCurve> curve) {
    this.bits = bits;
    this.curve = curve;
  }

  /** The kind of this key. */
  public static KeyKind of(PublicKeyArea key) {
    return valueOf(key.keylimeName().toUpperCase(Locale.ROOT));
  }

  public Optional<EccCurve> curve() {
    return curve;
  }

  public boolean isRsa() {
    return curve.isEmpty();
  }

  /** The schemes that keys of this kind sign with. */
  public List<SignatureAlg> schemes() {
    return isRsa()
        ? List.of(SignatureAlg.RSASSA, SignatureAlg.RSAPSS)
        : List.of(SignatureAlg.ECDSA);
  }

  /** What an attestation key of this kind is bound to unless told otherwise. */
  public SigningScheme usualScheme() {
    return new SigningScheme(schemes().getFirst(), HashAlg.SHA256);
  }

  /** A new key pair. RSA-4096 takes seconds. */
  public KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(isRsa() ? "RSA" : "EC");
      if (curve.isPresent()) {
        generator.initialize(new ECGenParameterSpec(curve.get().jcaName()));
      } else {
        generator.initialize(bits);
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime makes no keys of kind " + this, e);
    }
  }

  /**
   * The key pair of this kind with this name, the same throughout this process: tests need many
   * TPMs, and few distinct keys. RSA keys named {@code ek}, {@code ak} and {@code other} are ready
   * made; anyone can read them.
   */
  public KeyPair shared(String name) {
    return SHARED.computeIfAbsent(
        this + " " + name, key -> readyMade(name).orElseGet(this::generate));
  }

  private Optional<KeyPair> readyMade(String name) {
    String file = "keys/" + name().toLowerCase(Locale.ROOT) + "-" + name + ".pem";
    try (InputStream in = KeyKind.class.getResourceAsStream(file)) {
      if (in == null) {
        return Optional.empty();
      }
      String pem = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      byte[] pkcs8 = Pem.strict(pem, 1).getFirst().content().toArray();
      KeyFactory factory = KeyFactory.getInstance("RSA");
      if (!(factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8))
          instanceof RSAPrivateCrtKey key)) {
        throw new IllegalStateException(file + " is not an RSA key with its factors");
      }
      PublicKey publicKey =
          factory.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent()));
      return Optional.of(new KeyPair(publicKey, key));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(file + " does not read", e);
    }
  }

  PublicKeyArea area(KeyPair pair) {
    return curve.isPresent()
        ? PublicKeyArea.Ecc.of(curve.get(), (ECPublicKey) pair.getPublic())
        : PublicKeyArea.Rsa.of((RSAPublicKey) pair.getPublic());
  }
}
