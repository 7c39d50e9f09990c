package io.limestone.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.limestone.evidence.FileDigest;
import io.limestone.evidence.Span;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whatever a kernel is said to have loaded or a file to be signed with, nothing is thrown. */
class ImaKeyFuzzTest {
  private static final JsonObject SIGNED =
      Json.object(TestData.read("ima/signed-files.json").toArray());
  private static final VerificationKeys KEYS =
      VerificationKeys.parse(SIGNED.string("verification_keys"));
  private static final Span DIGEST = hex(SIGNED.string("sha256"));
  private static final List<String> GOOD = good();

  /** Of each key that signed, some digits of its modulus or point, however that is encoded. */
  private static final List<String> NUMBERS =
      KEYS.toJson().strings("pubkeys").stream()
          .map(key -> Bytes.ofBase64(key).slice(40, 55).hex())
          .toList();

  /** What the keys signed: the digest, or in version 3 what names it a file's. */
  private static List<String> good() {
    List<String> signatures = new ArrayList<>(SIGNED.strings("sha256_signatures"));
    for (Object one : SIGNED.list("keys")) {
      ((JsonObject) one)
          .optionalObject("version3")
          .ifPresent(key -> signatures.add(key.string("file")));
    }
    return List.copyOf(signatures);
  }

  @FuzzTest(maxDuration = "1m")
  void anyBufferIsAKeyOrNone(byte[] buffer) {
    switch (ImaKey.ofBuffer(Span.of(buffer))) {
      case ImaKey.Measured.Other other -> {}
      case ImaKey.Measured.Unusable unusable -> {}
      case ImaKey.Measured.Usable usable -> {
        ImaKey key = usable.key();
        assertThat(key.id()).isBetween(0L, 0xffff_ffffL);
        byte[] der = key.subjectPublicKeyInfo().toArray();
        assertThat(ImaKey.ofSubjectPublicKeyInfo(der))
            .map(ImaKey::subjectPublicKeyInfo)
            .isEqualTo(Optional.of(key.subjectPublicKeyInfo()));
        VerificationKeys ring = VerificationKeys.NONE.with(key);
        assertThat(ring.ids()).containsExactly(key.id());
        if (GOOD.stream()
            .anyMatch(one -> ring.verify(hex(one), FileDigest.SHA256, DIGEST, false))) {
          assertThat(NUMBERS).anyMatch(Bytes.of(der).hex()::contains);
        }
      }
    }
  }

  /** The keys signed one digest; ECDSA has other signatures of it, but not by changed bytes. */
  @FuzzTest(maxDuration = "1m")
  void anySignatureFieldVerifiesOnlyIfAKeyMadeIt(byte[] field) {
    boolean verified = KEYS.verify(Span.of(field), FileDigest.SHA256, DIGEST, false);
    if (verified) {
      String hex = Bytes.of(field).hex();
      // (r, s) and (r, -s) are both signatures: the latter begin alike.
      assertThat(GOOD).anyMatch(good -> good.substring(0, 30).equals(hex.substring(0, 30)));
    }
    assertThat(KEYS.verify(Span.of(field), FileDigest.SHA256, DIGEST, true)).isFalse();
    assertThat(KEYS.verify(Span.of(field), FileDigest.SHA512, DIGEST, false)).isFalse();
  }

  @FuzzTest(maxDuration = "1m")
  void anyTextIsAKeyringOrMalformed(byte[] text) {
    try {
      VerificationKeys keys = VerificationKeys.parse(new String(text, StandardCharsets.UTF_8));
      assertThat(VerificationKeys.fromJson(keys.toJson()).toJson()).isEqualTo(keys.toJson());
      assertThat(keys.and(keys).ids()).isEqualTo(keys.ids());
      assertThat(keys.size()).isEqualTo(keys.ids().size()).isLessThanOrEqualTo(1000);
    } catch (MalformedException e) {
      assertThat(e.getMessage()).startsWith("verification-keys");
    }
  }

  private static Span hex(String digits) {
    return Span.of(Bytes.ofHex(digits).toArray());
  }
}
