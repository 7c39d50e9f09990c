package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.cryptopro.ECGOST3410NamedCurves;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.rosstandart.RosstandartObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.ECNamedCurveTable;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.generators.ECKeyPairGenerator;
import org.bouncycastle.crypto.params.ECGOST3410Parameters;
import org.bouncycastle.crypto.params.ECKeyGenerationParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** File signatures that evmctl and OpenSSL made, by keys of every kind that kernels load. */
class RealSignaturesTest {
  private static final JsonObject SIGNED =
      Json.object(TestData.read("ima/signed-files.json").toArray());
  private static final Span CONTENT =
      Span.of(SIGNED.string("content").getBytes(StandardCharsets.UTF_8));
  private static final Map<String, FileDigest> HASHES =
      Map.of(
          "sha224", FileDigest.SHA224,
          "sha256", FileDigest.SHA256,
          "sha384", FileDigest.SHA384,
          "sha512", FileDigest.SHA512);

  static Stream<JsonObject> keys() {
    return SIGNED.list("keys").stream().map(JsonObject.class::cast);
  }

  @ParameterizedTest
  @MethodSource("keys")
  void eachKeyVerifiesWhatItSignedAndNothingElse(JsonObject key) {
    VerificationKeys ring = ringOf(key.string("key"));
    HASHES.forEach(
        (name, alg) -> {
          Bytes signature = Bytes.ofHex(key.object("signatures").string(name));
          byte[] digest = alg.of(CONTENT.toArray()).orElseThrow();
          assertThat(verifies(ring, signature, alg, digest)).as(name).isTrue();
          assertThat(verifies(ring, signature, FileDigest.SHA1, digest)).isFalse();
          digest[0] ^= 1; // ECDSA looks at as many bits as its curve has
          assertThat(verifies(ring, signature, alg, digest)).isFalse();
          for (int at = 0; at < signature.size(); at++) {
            byte[] flipped = signature.toArray();
            flipped[at] ^= 1;
            assertThat(
                    verifies(ring, Bytes.of(flipped), alg, alg.of(CONTENT.toArray()).orElseThrow()))
                .as("%s, byte %d", name, at)
                .isFalse();
          }
        });
  }

  /** Key ids are short, and anybody's certificate can have any. */
  @ParameterizedTest
  @MethodSource("keys")
  void anotherKeyOfTheSameIdVerifiesNothing(JsonObject key) {
    Bytes signature = Bytes.ofHex(key.object("signatures").string("sha256"));
    long id = signature.slice(3, 7).bigEndian().u32("key id");
    keys()
        .filter(other -> !other.equals(key))
        .forEach(
            other -> {
              VerificationKeys ring =
                  VerificationKeys.parse(
                      Json.text(
                          Map.of("keyids", List.of(id), "pubkeys", List.of(other.string("key")))));
              assertThat(ring.ids()).containsExactly(id);
              assertThat(verifies(ring, signature)).as(other.string("name")).isFalse();
            });
  }

  @ParameterizedTest
  @MethodSource("keys")
  void signaturesOverSha1AreNotBelieved(JsonObject key) {
    Bytes signature = Bytes.ofHex(key.object("signatures").string("sha1"));
    byte[] digest = FileDigest.SHA1.of(CONTENT.toArray()).orElseThrow();
    assertThat(verifies(ringOf(key.string("key")), signature, FileDigest.SHA1, digest)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("keys")
  void aCertificatesKeyIsKnownByTheEndOfItsSubjectKeyIdentifier(JsonObject key) {
    JsonObject other = key.object("other_id");
    ImaKey usable = usable(other.string("certificate"));
    assertThat(usable.id()).isNotEqualTo(usable(key.string("key")).id());
    VerificationKeys ring = VerificationKeys.NONE.with(usable);
    assertThat(verifies(ring, Bytes.ofHex(other.string("sha256")))).isTrue();
    assertThat(verifies(ring, Bytes.ofHex(key.object("signatures").string("sha256")))).isFalse();
    // OpenSSL's usual identifier is the SHA-1 that a key without certificate is known by.
    assertThat(usable(key.string("certificate"))).isEqualTo(usable(key.string("key")));
    key.optionalString("certificate_without_id")
        .ifPresent(without -> assertThat(usable(without)).isEqualTo(usable(key.string("key"))));
  }

  @Test
  void signaturesOfVersion3AreOfTheirKindOfDigest() {
    byte[] tree = Bytes.ofHex(SIGNED.string("verity")).toArray();
    byte[] file = Bytes.ofHex(SIGNED.string("sha256")).toArray();
    List<JsonObject> signing = keys().filter(key -> key.has("version3")).toList();
    assertThat(signing).hasSize(3);
    for (JsonObject key : signing) {
      VerificationKeys ring = ringOf(key.string("key"));
      Span verity = span(key.object("version3").string("verity"));
      Span content = span(key.object("version3").string("file"));
      assertThat(ring.verify(verity, FileDigest.SHA256, Span.of(tree), true)).isTrue();
      assertThat(ring.verify(verity, FileDigest.SHA256, Span.of(tree), false)).isFalse();
      assertThat(ring.verify(content, FileDigest.SHA256, Span.of(file), false)).isTrue();
      assertThat(ring.verify(content, FileDigest.SHA256, Span.of(file), true)).isFalse();
      assertThat(ring.verify(content, FileDigest.SHA256, Span.of(tree), true)).isFalse();
    }
  }

  /** Ed25519, RSASSA-PSS, DSA, SM2. */
  @Test
  void keysThatSignOtherwiseAreRefusedAndNotTakenForOtherData() {
    List<?> others = SIGNED.list("unusable");
    assertThat(others).hasSize(4);
    for (Object one : others) {
      JsonObject key = (JsonObject) one;
      for (String form : List.of("key", "certificate")) {
        assertThat(ImaKey.ofBuffer(base64(key.string(form))))
            .as("%s: %s", key.string("name"), form)
            .isInstanceOf(ImaKey.Measured.Unusable.class);
      }
      assertThat(ringOf(key.string("key")).isEmpty()).isTrue();
    }
  }

  /**
   * A node may send as many keys as its list is long: with a prime of thousands of bits to be
   * tested, or a field of its own making, each would take seconds.
   */
  @Test
  void t7_nothingIsReckonedOfAKeyBeforeAPolicyNamesIt() throws IOException {
    BigInteger three = BigInteger.valueOf(3);
    BigInteger noModulus =
        BigInteger.ONE.shiftLeft(4095).multiply(three).add(three); // 3 divides it
    assertThat(ImaKey.ofBuffer(rsa(noModulus, 65537))).isInstanceOf(ImaKey.Measured.Usable.class);
    BigInteger long8193 = BigInteger.ONE.shiftLeft(8192).add(BigInteger.ONE);
    for (Span key :
        List.of(
            rsa(long8193, 65537),
            rsa(noModulus.add(BigInteger.ONE), 65537),
            rsa(noModulus, 65536),
            rsa(noModulus, 1))) {
      assertThat(ImaKey.ofBuffer(key)).isInstanceOf(ImaKey.Measured.Unusable.class);
    }
    X9ECParameters unnamed = ECNamedCurveTable.getByName("secp256r1");
    assertThat(
            ImaKey.ofBuffer(
                Span.of(
                    new SubjectPublicKeyInfo(
                            new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, unnamed),
                            unnamed.getG().getEncoded(false))
                        .getEncoded())))
        .as("the point of a good key, on a field of its own")
        .isInstanceOf(ImaKey.Measured.Unusable.class);
  }

  @Test
  void aKeyInAnotherSpellingOfItsBitsIsRefused() {
    keys()
        .forEach(
            key -> {
              byte[] der = Bytes.ofBase64(key.string("key")).toArray();
              SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(der);
              int bits = der.length - info.getPublicKeyData().getBytes().length - 1;
              assertThat(der[bits]).isZero();
              der[bits] = 2;
              assertThat(ImaKey.ofBuffer(Span.of(der)))
                  .as(key.string("name"))
                  .isNotInstanceOf(ImaKey.Measured.Usable.class);
            });
  }

  private static Span rsa(BigInteger modulus, long exponent) throws IOException {
    return Span.of(
        new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                new RSAPublicKey(modulus, BigInteger.valueOf(exponent)))
            .getEncoded());
  }

  /** EC-RDSA, GOST R 34.10-2012. */
  @Test
  void aKeyForEcRdsaIsRefused() throws IOException {
    ECKeyPairGenerator generator = new ECKeyPairGenerator();
    var oid = RosstandartObjectIdentifiers.id_tc26_gost_3410_12_256_paramSetA;
    generator.init(
        new ECKeyGenerationParameters(
            new ECGOST3410Parameters(
                new ECNamedDomainParameters(oid, ECGOST3410NamedCurves.getByOIDX9(oid)),
                oid,
                RosstandartObjectIdentifiers.id_tc26_gost_3411_12_256),
            new SecureRandom()));
    byte[] der =
        SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(
                generator.generateKeyPair().getPublic())
            .getEncoded();
    assertThat(ImaKey.ofBuffer(Span.of(der))).isInstanceOf(ImaKey.Measured.Unusable.class);
  }

  /** Which the kernel knows, and nothing here verifies: streebog, SM3, RIPEMD, SHA-3. */
  @Test
  void otherHashesAreNotVerified() {
    JsonObject key = keys().findFirst().orElseThrow();
    byte[] signature = Bytes.ofHex(key.object("signatures").string("sha256")).toArray();
    for (int number = 0; number < 256; number++) {
      byte[] other = signature.clone();
      other[2] = (byte) number;
      boolean expected = number == 4;
      assertThat(verifies(ringOf(key.string("key")), Bytes.of(other))).isEqualTo(expected);
    }
  }

  @Test
  void aKeyringOfAllOfThemVerifiesAll() {
    VerificationKeys ring = VerificationKeys.parse(SIGNED.string("verification_keys"));
    assertThat(ring.size()).isEqualTo((int) keys().count());
    assertThat(Set.copyOf(SIGNED.strings("sha256_signatures")))
        .allMatch(signature -> verifies(ring, Bytes.ofHex(signature)));
  }

  private static boolean verifies(VerificationKeys ring, Bytes signature) {
    return verifies(
        ring, signature, FileDigest.SHA256, Bytes.ofHex(SIGNED.string("sha256")).toArray());
  }

  private static boolean verifies(
      VerificationKeys ring, Bytes signature, FileDigest alg, byte[] digest) {
    return ring.verify(Span.of(signature.toArray()), alg, Span.of(digest), false);
  }

  private static VerificationKeys ringOf(String key) {
    return VerificationKeys.parse(Json.text(Map.of("keyids", List.of(0), "pubkeys", List.of(key))));
  }

  private static ImaKey usable(String base64) {
    assertThat(ImaKey.ofBuffer(base64(base64))).isInstanceOf(ImaKey.Measured.Usable.class);
    return ((ImaKey.Measured.Usable) ImaKey.ofBuffer(base64(base64))).key();
  }

  private static Span base64(String text) {
    return Span.of(Bytes.ofBase64(text).toArray());
  }

  private static Span span(String hex) {
    return Span.of(Bytes.ofHex(hex).toArray());
  }
}
